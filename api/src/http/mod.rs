//! What every request and every answer passes, whatever is asked for: the door, the limits of size, the headers that are
//! negotiated, the parameters, bodies and uploads that are read, requests that are repeated, the tags and pages of answers,
//! and what is counted and logged of them.

pub mod accept;
pub mod answer;
pub mod answered;
pub mod cors;
pub mod create;
pub mod door;
pub mod extract;
pub mod length;
pub mod middleware;
pub mod packed;
pub mod pointer;
pub mod prefer;
pub mod route;
pub mod shape;
pub mod tag;
pub mod unread;
pub mod upload;
pub mod vary;
