//! A question to a service: sent once, to one address.

use amp_bootstrap::{Answer, ErrorKind, Limits, Question, ask};

use crate::support::server::{Reply, Server};

fn asked(server: &Server, limits: &Limits) -> amp_bootstrap::Result<Answer> {
    let url = format!("{}/question?who", server.url());
    let question = Question {
        url: &url,
        token: "a-token",
        body: "{}",
    };
    assert!(!format!("{question:?}").contains("a-token"));
    ask(question, &amp_bootstrap::Variables::new(), limits)
}

#[test]
fn any_status_is_an_answer_and_nothing_is_asked_twice() {
    for status in [200, 401, 429, 503] {
        let server = Server::start();
        let reply = Reply::body("said").with_status(status);
        server.route("/question?who", [reply]);
        let answer = asked(&server, &Limits::default()).expect("an answer");
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (status, &b"said"[..])
        );
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{status}");
        assert_eq!(requests[0].header("authorization"), Some("Bearer a-token"));
    }
}

#[test]
fn a_redirect_is_an_answer_so_that_the_token_stays_where_it_was_sent() {
    let (server, elsewhere) = (Server::start(), Server::start());
    server.route("/question?who", [Reply::redirect(307, &elsewhere.url())]);
    let answer = asked(&server, &Limits::default()).expect("an answer");
    assert_eq!(answer.status, 307);
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn an_endless_answer_is_refused() {
    let server = Server::start();
    let mut limits = Limits::default();
    limits.caps.text = 16;
    server.route("/question?who", [Reply::body("x".repeat(17))]);
    let error = asked(&server, &limits).expect_err("too much");
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}
