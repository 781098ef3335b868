//! The authorised API against bare handlers that run the same query on the same pool and serialise the same rows.

use crate::{
    Outcome, client,
    client::{Client, throughput},
    data,
    place::Place,
    report::{self, Bound},
};
use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    error::ErrorInternalServerError,
    rt::System,
    web::{self, Data, Path},
};
use opora::{config::Config, http::answer::Items, log::Log, startup, state::State};
use opora_db::{Database, Db, Origin};
use opora_identity::{
    Role,
    sessions::SessionId,
    users::{self, NewUser},
};
use opora_primitives::{Area, Limit};
use opora_schools::registry::schools::{self, Filter, SchoolRef};
use std::{
    net::SocketAddr,
    sync::mpsc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

const SCHOOLS: u32 = 40_000;
const PAGE: u32 = 100;
const ROUNDS: usize = 7;

/// Runs it on both databases.
pub fn run() -> Outcome {
    // As `opora serve` has it: a line for each answer.
    let _log = Log::start(&Config::default());
    report::title(
        "http",
        "requests a second against bare actix handlers; latency of the deepest page against the first",
    );
    for place in Place::all()? {
        place.fill(&data::schools(SCHOOLS), data::TABLES)?;
        let servers = Servers::start(&place)?;
        let outcome = measure(place.name, &servers);
        servers.stop()?;
        outcome?;
    }
    Ok(())
}

fn measure(on: &str, servers: &Servers) -> Outcome {
    let cases = [
        (format!("/api/v1/schools?limit={PAGE}"), "/list".to_owned(), "list of 100 schools", 400, 0.8),
        ("/api/v1/schools/20000".to_owned(), "/one/20000".to_owned(), "one school", 2000, 0.7),
    ];
    for (path, bare_path, what, count, least) in cases {
        let (ours, bare) = (client::get(&path, Some(&servers.token)), client::get(&bare_path, None));
        let lengths = [(servers.api, &ours), (servers.bare, &bare)].map(|(address, request)| {
            Client::connect(address).and_then(|mut c| c.send(request)).map(|a| a.length)
        });
        let [ours_length, bare_length] = lengths;
        if ours_length? != bare_length? {
            return Err(format!("{path}: the bare handler answers something else").into());
        }
        throughput(servers.api, &ours, 200, count / 4)?;
        throughput(servers.bare, &bare, 200, count / 4)?;
        let (ours, bare) = report::in_turns(
            ROUNDS,
            || throughput(servers.api, &ours, 200, count),
            || throughput(servers.bare, &bare, 200, count),
        )?;
        report::line(&format!("{on}: {what}"), "/s", ours, bare, Bound::AtLeast(least));
    }
    pages(on, servers)
}

/// Walks to the last page by the `Link` of each, then times the first and the last in turns.
fn pages(on: &str, servers: &Servers) -> Outcome {
    let mut client = Client::connect(servers.api)?;
    let first = client::get(&format!("/api/v1/schools?limit={PAGE}"), Some(&servers.token));
    let mut last = first.clone();
    let mut walked = 1;
    while let Some(link) = client.send(&last)?.link {
        let path = link.strip_prefix('<').and_then(|l| l.split_once('>')).ok_or("a Link of another form")?.0;
        last = client::get(path, Some(&servers.token));
        walked += 1;
    }
    if walked != SCHOOLS / PAGE {
        return Err(format!("{walked} pages").into());
    }
    let mut timed = |request: &[u8]| -> Outcome<f64> {
        let begun = Instant::now();
        client.send(request)?;
        Ok(report::millis(begun.elapsed()))
    };
    let (mut of_first, mut of_last) = (Vec::new(), Vec::new());
    for _ in 0..400 {
        of_last.push(timed(&last)?);
        of_first.push(timed(&first)?);
    }
    let what = format!("{on}: page {walked} against page 1");
    report::line(&what, "ms", report::median(of_last), report::median(of_first), Bound::AtMost(1.2));
    Ok(())
}

/// The API and the bare handlers, side by side in one process and on one runtime.
pub struct Servers {
    /// Where the API listens.
    pub api: SocketAddr,
    bare: SocketAddr,
    /// A token of somebody who sees the whole region.
    pub token: String,
    handles: [ServerHandle; 2],
    thread: JoinHandle<Outcome>,
}

/// What the thread of the servers tells once they listen.
type Listening = (SocketAddr, SocketAddr, String, [ServerHandle; 2]);

impl Servers {
    /// Starts both on `place`.
    ///
    /// # Errors
    /// A server that does not start.
    pub fn start(place: &Place) -> Outcome<Self> {
        let config = Config {
            database_url: place.url.clone(),
            listen: "127.0.0.1:0".into(),
            data_dir: place.folder().into(),
            token_seconds: 86_400,
            // Counted as in production, and never reached.
            rate_limit: u32::MAX,
            rate_limit_anonymous: u32::MAX,
            ..Config::default()
        };
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || serve(config, &tell));
        match told.recv() {
            Ok((api, bare, token, handles)) => Ok(Self { api, bare, token, handles, thread }),
            Err(_) => Err(match thread.join() {
                Ok(Err(error)) => error,
                _ => "the servers ended".into(),
            }),
        }
    }

    /// Stops both.
    ///
    /// # Errors
    /// What a server ended with.
    pub fn stop(self) -> Outcome {
        System::new().block_on(async {
            for handle in &self.handles {
                handle.stop(false).await;
            }
        });
        self.thread.join().map_err(|_| "the servers panicked")?
    }
}

fn serve(config: Config, tell: &mpsc::Sender<Listening>) -> Outcome {
    System::new().block_on(async {
        let running = startup::build(config)?;
        let database = Data::new(running.state.database.clone());
        let bare = HttpServer::new(move || {
            App::new()
                .app_data(database.clone())
                .route("/list", web::get().to(list))
                .route("/one/{id}", web::get().to(one))
        })
        .client_request_timeout(Duration::from_secs(15))
        .shutdown_timeout(20)
        .disable_signals()
        .bind("127.0.0.1:0")?;
        let address = *bare.addrs().first().ok_or("no address was bound")?;
        let bare = bare.run();
        let handles = [running.server.handle(), bare.handle()];
        tell.send((running.address, address, token(&running.state, Role::Institute)?, handles))?;
        let bare = actix_web::rt::spawn(bare);
        running.run().await?;
        Ok(bare.await??)
    })
}

/// A token of somebody who sees the whole region.
///
/// # Errors
/// Faults of the database.
pub fn token(state: &State, role: Role) -> Outcome<String> {
    let new = NewUser {
        login: format!("bench-{role}"),
        display_name: "Нагрузочный пользователь".into(),
        password: "generated for one run 4711".into(),
        role,
        area: Area::Region,
    };
    let database = &state.database;
    let user = database.write(&Origin::system("bench"), |tx| users::create(tx, &new, "none"))?;
    Ok(state.tokens.issue(&user, SessionId(1))?)
}

async fn list(database: Data<Database>) -> actix_web::Result<HttpResponse> {
    let limit = Limit::new(Some(PAGE as u16)).map_err(ErrorInternalServerError)?;
    let page =
        read(&database, move |db| schools::list(db, Area::Region, &Filter::default(), limit, None)).await?;
    Ok(HttpResponse::Ok().json(Items { items: page.items }))
}

async fn one(database: Data<Database>, id: Path<i64>) -> actix_web::Result<HttpResponse> {
    let wanted = SchoolRef::Id(opora_primitives::SchoolId(id.into_inner()));
    let school = read(&database, move |db| schools::find(db, Area::Region, &wanted)).await?;
    Ok(HttpResponse::Ok().json(school))
}

async fn read<T: Send + 'static>(
    database: &Data<Database>,
    work: impl Fn(&mut Db) -> opora_db::Result<T> + Send + 'static,
) -> actix_web::Result<T> {
    let database = database.clone();
    web::block(move || database.read(work)).await?.map_err(ErrorInternalServerError)
}
