//! The operations of the benchmark's subjects, with the Rust crate
//! rocket_flex_session and its memory storage. The program prints the port that it
//! serves, and ends when its input ends.

use std::io::Read;
use std::time::{Duration, SystemTime};

use rocket::fairing::AdHoc;
use rocket::serde::{json::Json, Serialize};
use rocket::{get, post, routes};
use rocket_flex_session::{RocketFlexSession, Session};

#[derive(Clone)]
struct Visitor {
    uid: String,
    #[allow(dead_code)]
    name: String,
    #[allow(dead_code)]
    roles: [String; 2],
    n: i64,
    #[allow(dead_code)]
    seen: SystemTime,
}

#[derive(Serialize)]
#[serde(crate = "rocket::serde")]
struct Greeting {
    uid: String,
    n: i64,
}

fn sample() -> Visitor {
    Visitor {
        uid: "u-1234567".into(),
        name: "Grace Hopper".into(),
        roles: ["admin".into(), "author".into()],
        n: 1,
        seen: SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000),
    }
}

fn greet(uid: String, n: i64) -> Json<Greeting> {
    Json(Greeting { uid, n })
}

#[post("/login")]
fn login(mut session: Session<Visitor>) -> Json<Greeting> {
    session.set(sample());
    greet(sample().uid, 1)
}

#[get("/read")]
fn read(session: Session<Visitor>) -> Json<Greeting> {
    session.tap(|visitor| match visitor {
        Some(v) => greet(v.uid.clone(), v.n),
        None => greet(String::new(), 0),
    })
}

#[get("/modify")]
fn modify(mut session: Session<Visitor>) -> Json<Greeting> {
    session.tap_mut(|visitor| {
        if let Some(v) = visitor {
            v.n += 1;
        }
    });
    greet("u-1234567".into(), 1)
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    rocket::build()
        .attach(RocketFlexSession::<Visitor>::default())
        .attach(AdHoc::on_liftoff("port", |rocket| {
            Box::pin(async move { println!("{}", rocket.config().port) })
        }))
        .mount("/", routes![login, read, modify])
        .launch()
        .await?;
    Ok(())
}
