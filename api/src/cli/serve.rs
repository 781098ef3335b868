//! `opora serve`.

use super::Outcome;
use crate::{config::Config, log::Log, startup};

pub(super) fn serve(config: Config) -> Outcome {
    let _log = Log::start(&config);
    actix_web::rt::System::new().block_on(async {
        let running = startup::build(config)?;
        tell!("serving on http://{0}; documentation: http://{0}/docs/", running.address);
        Ok(running.run().await?)
    })
}
