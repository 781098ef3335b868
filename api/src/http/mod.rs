//! What every request and every answer passes, whatever is asked for: the door, the limits of size, the headers that are
//! negotiated, the parameters and bodies that are read, the tags and pages of answers.

pub mod accept;
pub mod account;
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
