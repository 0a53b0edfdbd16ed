//! Whether the service can be reached; looked at only when asked.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::check::Check;
use crate::command::credentials;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::runtime::on_a_thread;

/// How long all of it may take.
const CONNECTION_LIMIT: Duration = Duration::from_secs(10);

/// Opens a connection to the service, or to the proxy that stands before it, and closes it again.
pub(super) async fn service(context: &Context) -> Check {
    const NAME: &str = "network";
    let url = credentials::of(None, context).service_url().to_owned();
    let proxy = proxy(context, &url);
    let (target, via) = match &proxy {
        Some((name, proxy)) => (proxy.as_str(), format!(", the proxy that {name} names")),
        None => (url.as_str(), String::new()),
    };
    let Some((host, port)) = host_and_port(target) else {
        return Check::red(NAME, format!("{target} is not an address"), ExitCode::Usage);
    };
    let begun = Instant::now();
    match connect(host.clone(), port).await {
        Ok(()) => {
            let time = begun.elapsed().as_millis();
            Check::green(NAME, format!("{host}:{port} answers after {time} ms{via}"))
        }
        Err(reason) => Check::red(
            NAME,
            format!("{host}:{port} cannot be reached: {reason}{via}"),
            ExitCode::Failed,
        )
        .fix("check the network, HTTPS_PROXY and AMP_URL"),
    }
}

/// Returns the proxy that Amp uses for the service, with the variable that names it.
///
/// For `https` alone, and of these variables alone: Amp ignores `ALL_PROXY` and `HTTP_PROXY`
/// (measured on 0.0.1790142911-g7618fb). Builds before July 2026 ignore these two as well.
fn proxy(context: &Context, url: &str) -> Option<(&'static str, String)> {
    let value = |name| context.variable(name)?.to_str().map(str::to_owned);
    let (host, _) = host_and_port(url).filter(|_| url.starts_with("https:"))?;
    let exceptions = ["no_proxy", "NO_PROXY"].into_iter().find_map(value);
    if exceptions.is_some_and(|exceptions| is_exempt(&host, &exceptions)) {
        return None;
    }
    let mut names = ["https_proxy", "HTTPS_PROXY"].into_iter();
    names.find_map(|name| Some((name, value(name)?)))
}

/// Tells whether a list such as `localhost,.example.com` covers the host.
fn is_exempt(host: &str, exceptions: &str) -> bool {
    exceptions.split(',').map(str::trim).any(|exception| {
        let name = exception.trim_start_matches("*.").trim_start_matches('.');
        let below = host
            .strip_suffix(name)
            .is_some_and(|sub| sub.ends_with('.'));
        exception == "*" || host == name || (below && !name.is_empty())
    })
}

/// Connects on a thread of its own: looking up a name has no deadline, and can be interrupted only
/// by not waiting for it.
async fn connect(host: String, port: u16) -> Result<(), String> {
    let connection = on_a_thread(move || {
        let mut addresses = (host.as_str(), port).to_socket_addrs()?;
        let address = addresses
            .next()
            .ok_or_else(|| std::io::Error::other("the name has no address"))?;
        TcpStream::connect_timeout(&address, CONNECTION_LIMIT).map(drop)
    });
    match tokio::time::timeout(CONNECTION_LIMIT, connection).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error)) | Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in 10 s".to_owned()),
    }
}

/// Takes an address such as `https://name:8443/path` apart.
fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let usual = match scheme {
        "http" => 80,
        "socks5" | "socks5h" => 1080,
        _ => 443,
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::block_on;

    #[test]
    fn addresses_are_taken_apart() {
        let taken = |url| host_and_port(url);
        assert_eq!(
            taken("https://ampcode.com/"),
            Some(("ampcode.com".into(), 443))
        );
        assert_eq!(taken("http://127.0.0.1:9/x"), Some(("127.0.0.1".into(), 9)));
        assert_eq!(
            taken("http://user:secret@proxy:3128"),
            Some(("proxy".into(), 3128))
        );
        assert_eq!(taken("https://[::1]/"), Some(("::1".into(), 443)));
        assert_eq!(taken("https://[::1]:8443/"), Some(("::1".into(), 8443)));
        assert_eq!(taken("https:///"), None);
        assert_eq!(taken("https://host:port/"), None);
    }

    #[test]
    fn the_proxy_is_the_one_that_amp_would_use() {
        let proxy = |url: &str, variables: &[(&'static str, &str)]| {
            let context = Context::new("/").with_environment(variables.iter().copied());
            proxy(&context, url).map(|(name, _)| name)
        };
        let both = [("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:1")];
        assert_eq!(proxy("https://ampcode.com/", &both), Some("https_proxy"));
        assert_eq!(proxy("http://127.0.0.1:9/", &both), None);
        let ignored = [("ALL_PROXY", "http://a:1"), ("HTTP_PROXY", "http://a:1")];
        assert_eq!(proxy("https://ampcode.com/", &ignored), None);
        for exception in ["ampcode.com", "localhost, .ampcode.com", "*", "*.com"] {
            let variables = [both[0], ("NO_PROXY", exception)];
            assert_eq!(
                proxy("https://ampcode.com/", &variables),
                None,
                "{exception}"
            );
        }
        for other in ["", "code.com", "localhost,127.0.0.1"] {
            let variables = [both[0], ("no_proxy", other)];
            assert_eq!(
                proxy("https://ampcode.com/", &variables),
                Some("HTTPS_PROXY"),
                "{other}"
            );
        }
    }

    #[test]
    fn a_closed_port_is_reported_with_its_reason() {
        // The listener is gone before the port is tried.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let context = || Context::new("/").with_environment([("AMP_URL", url.clone())]);
        let check = || block_on(async { service(&context()).await }).expect("a runtime");
        assert_eq!(check().state, super::super::State::Green);
        drop(listener);
        let check = check();
        assert_eq!(check.state, super::super::State::Red);
        assert!(
            check.finding.contains("cannot be reached"),
            "{}",
            check.finding
        );
    }
}
