//! `opora serve`.

use super::Outcome;
use crate::{config::Config, startup};

pub(super) fn serve(config: Config) -> Outcome {
    start_log(&config);
    actix_web::rt::System::new().block_on(async {
        let running = startup::build(config)?;
        tell!("serving on http://{0}; documentation: http://{0}/docs/", running.address);
        Ok(running.run().await?)
    })
}

fn start_log(config: &Config) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_format == "json" { log.json().init() } else { log.with_ansi(false).init() }
}
