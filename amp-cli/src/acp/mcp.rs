//! MCP servers of a client, as Amp takes them. They carry keys, so they travel in a file of the run.

use agent_client_protocol::Error;
use agent_client_protocol::v1::schema::McpServer;
use serde_json::{Map, Value, json};

use super::error::invalid;

/// Returns the servers by name, in the form of `amp.mcpServers`.
///
/// # Errors
/// Refuses two of one name, one of a name that the user's own settings have, and a kind that Amp does
/// not know.
pub(super) fn servers(
    servers: &[McpServer],
    own: Option<&Value>,
) -> Result<Map<String, Value>, Error> {
    let mut named = Map::new();
    for server in servers {
        let (name, value) = match server {
            McpServer::Stdio(server) => {
                let environment = server.env.iter();
                let environment: Map<String, Value> = environment
                    .map(|variable| (variable.name.clone(), json!(variable.value)))
                    .collect();
                let command = server.command.to_string_lossy();
                let value = json!({"command": command, "args": server.args, "env": environment});
                (&server.name, value)
            }
            McpServer::Http(server) => (
                &server.name,
                json!({"url": server.url, "headers": headers(&server.headers)}),
            ),
            McpServer::Sse(server) => (
                &server.name,
                json!({"url": server.url, "headers": headers(&server.headers), "transport": "sse"}),
            ),
            _ => return Err(invalid("an MCP server is of a kind that Amp does not know")),
        };
        if own.and_then(|own| own.get(name)).is_some() {
            let what = format!("your settings have an MCP server called {name} already");
            return Err(invalid(what));
        }
        if named.insert(name.clone(), value).is_some() {
            return Err(invalid(format!("two MCP servers are called {name}")));
        }
    }
    Ok(named)
}

fn headers(headers: &[agent_client_protocol::v1::schema::HttpHeader]) -> Map<String, Value> {
    let headers = headers.iter();
    headers
        .map(|header| (header.name.clone(), json!(header.value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use agent_client_protocol::v1::schema::{
        EnvVariable, HttpHeader, McpServerHttp, McpServerSse, McpServerStdio,
    };

    use super::*;

    #[test]
    fn every_kind_of_server_reaches_amp() {
        let stdio = McpServerStdio::new("one", "/bin/server")
            .args(vec!["-x".to_owned()])
            .env(vec![EnvVariable::new("KEY", "secret")]);
        let header = || vec![HttpHeader::new("Authorization", "Bearer x")];
        let http = McpServerHttp::new("two", "http://127.0.0.1/").headers(header());
        let sse = McpServerSse::new("three", "http://127.0.0.1/sse").headers(header());
        let all = [
            McpServer::Stdio(stdio),
            McpServer::Http(http),
            McpServer::Sse(sse),
        ];
        let expected = json!({
            "one": {"command": "/bin/server", "args": ["-x"], "env": {"KEY": "secret"}},
            "two": {"url": "http://127.0.0.1/", "headers": {"Authorization": "Bearer x"}},
            "three": {"url": "http://127.0.0.1/sse", "headers": {"Authorization": "Bearer x"},
                "transport": "sse"},
        });
        assert_eq!(Value::Object(servers(&all, None).unwrap()), expected);
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let server = || McpServer::Stdio(McpServerStdio::new("one", "/bin/server"));
        assert!(servers(&[server(), server()], None).is_err());
        let own = json!({"one": {"command": "mine"}});
        assert!(servers(&[server()], Some(&own)).is_err());
    }
}
