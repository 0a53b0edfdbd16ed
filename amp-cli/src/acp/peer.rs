//! The connection with a client: its requests, and where they go.

use std::path::PathBuf;
use std::sync::Arc;

use agent_client_protocol::schema::ProtocolVersion;
use agent_client_protocol::v1::schema::*;
use agent_client_protocol::v1::{ConnectionTo, Responder};
use agent_client_protocol::{
    Agent, Client as ClientRole, ConnectTo, Error, JsonRpcResponse, on_receive_notification,
    on_receive_request,
};
use amp_session::Feature;

use super::client::Client;
use super::error::{invalid, of_failure};
use super::history;
use super::host::Host;
use super::opening::{Opened, Opening, Wanted};
use super::session::{Order, Prompt};
use super::transport;
use super::wire::Backlogs;
use crate::arguments::{AcpArguments, GlobalArguments};
use crate::command::credentials;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{amp_in_use, runtime};

/// The login by which a client brings nothing: the key is there, or it is not.
const KEY: &str = "key";

/// The login in a terminal of the client.
const LOGIN: &str = "login";

/// Serves a client on the context's streams until it closes its end, or a signal comes.
///
/// Every agent has ended when this returns, unless a second signal comes.
///
/// # Errors
/// Fails when the connection breaks, and on a signal.
pub(crate) fn serve(
    arguments: &AcpArguments,
    global: &GlobalArguments,
    context: &mut Context,
) -> Result<ExitCode, Failure> {
    let backlogs = Backlogs::default();
    let (lines, written) = transport::open(context, backlogs.clone())?;
    let (host, mut idle) = Host::new(arguments.clone(), global.clone(), context, backlogs.clone());
    runtime::block_on(async {
        let mut signals = context.signals.listen()?;
        let ended = tokio::select! {
            ended = connect(&host, lines) => ended.map_err(|error| {
                let what = "the connection with the editor broke";
                Failure::new(ExitCode::Failed, what).because(error.message)
            }),
            signal = signals.next() => Err(Failure::interrupted(signal)),
        };
        host.end();
        tokio::select! {
            () = idle.wait() => {}
            // What is left is killed with this process.
            _ = signals.next() => {}
        }
        backlogs.end();
        written.wait().await;
        ended.map(|()| ExitCode::Done)
    })?
}

/// Answers requests until the client closes its end.
async fn connect(
    host: &Arc<Host>,
    transport: impl ConnectTo<Agent> + 'static,
) -> Result<(), Error> {
    let own = || Arc::clone(host);
    let (initializing, authenticating, creating, loading) = (own(), own(), own(), own());
    let (resuming, listing, deleting, closing) = (own(), own(), own(), own());
    let (choosing_mode, choosing, prompting, cancelling) = (own(), own(), own(), own());
    Agent
        .v1()
        .name("ampctl")
        .on_receive_request(
            async move |request: InitializeRequest, responder: Responder<InitializeResponse>, _| {
                initialize(&initializing, &request, responder)
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: AuthenticateRequest,
                        responder: Responder<AuthenticateResponse>,
                        _| {
                let host = Arc::clone(&authenticating);
                on_a_thread(&authenticating, responder, move || {
                    authenticate(&host, &request)
                })
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: NewSessionRequest, responder, connection| {
                let place = Place {
                    folder: request.cwd,
                    mcp_servers: request.mcp_servers,
                };
                open(
                    &creating,
                    Wanted::New,
                    place,
                    connection,
                    responder,
                    |opened| {
                        NewSessionResponse::new(opened.id)
                            .modes(opened.modes)
                            .config_options(opened.options)
                    },
                )
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: LoadSessionRequest, responder, connection| {
                let place = Place {
                    folder: request.cwd,
                    mcp_servers: request.mcp_servers,
                };
                let wanted = Wanted::Load(request.session_id);
                open(&loading, wanted, place, connection, responder, |opened| {
                    LoadSessionResponse::new()
                        .modes(opened.modes)
                        .config_options(opened.options)
                })
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: ResumeSessionRequest, responder, connection| {
                let place = Place {
                    folder: request.cwd,
                    mcp_servers: request.mcp_servers,
                };
                let wanted = Wanted::Resume(request.session_id);
                open(&resuming, wanted, place, connection, responder, |opened| {
                    ResumeSessionResponse::new()
                        .modes(opened.modes)
                        .config_options(opened.options)
                })
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: ListSessionsRequest,
                        responder: Responder<ListSessionsResponse>,
                        _| {
                let host = Arc::clone(&listing);
                on_a_thread(&listing, responder, move || {
                    history::list(&request, &host.surroundings.context("/"))
                })
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: DeleteSessionRequest,
                        responder: Responder<DeleteSessionResponse>,
                        _| {
                let id = request.session_id.0;
                let host = Arc::clone(&deleting);
                let delete = {
                    let id = id.clone();
                    move || {
                        let deleted = history::delete(&id, &host.surroundings.context("/"));
                        // A client that is gone needs no answer.
                        let _ = responder
                            .respond_with_result(deleted.map(|()| DeleteSessionResponse::new()));
                    }
                };
                match deleting.take(&id) {
                    // One that has ended since drops what was to be done, and the SDK answers.
                    Some(orders) => {
                        let _ = orders.send(Order::Close(Box::new(delete)));
                        Ok(())
                    }
                    None => deleting.work(delete).map_err(Error::into_internal_error),
                }
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: CloseSessionRequest,
                        responder: Responder<CloseSessionResponse>,
                        _| {
                let id = request.session_id.0;
                let Some(orders) = closing.take(&id) else {
                    return responder.respond_with_error(super::error::no_session(&id));
                };
                let respond = move || {
                    let _ = responder.respond(CloseSessionResponse::new());
                };
                let _ = orders.send(Order::Close(Box::new(respond)));
                Ok(())
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: SetSessionModeRequest, responder, _| {
                let order = Order::Mode(request.mode_id.0.to_string(), responder);
                choosing_mode.order(&request.session_id.0, order);
                Ok(())
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: SetSessionConfigOptionRequest,
                        responder: Responder<SetSessionConfigOptionResponse>,
                        _| {
                let SessionConfigOptionValue::ValueId { value } = request.value else {
                    return responder.respond_with_error(invalid("every option is a choice"));
                };
                let order = Order::Option {
                    option: request.config_id.0.to_string(),
                    value: value.0.to_string(),
                    responder,
                };
                choosing.order(&request.session_id.0, order);
                Ok(())
            },
            on_receive_request!(),
        )
        .on_receive_request(
            async move |request: PromptRequest, responder, _| {
                let prompt = Prompt {
                    blocks: request.prompt,
                    responder,
                };
                prompting.order(&request.session_id.0, Order::Prompt(prompt));
                Ok(())
            },
            on_receive_request!(),
        )
        .on_receive_notification(
            async move |notification: CancelNotification, _| {
                cancelling.order(&notification.session_id.0, Order::Cancel);
                Ok(())
            },
            on_receive_notification!(),
        )
        .connect_to(transport)
        .await
}

/// Where a session works.
struct Place {
    folder: PathBuf,
    mcp_servers: Vec<McpServer>,
}

fn open<Response: JsonRpcResponse + Send + 'static>(
    host: &Arc<Host>,
    wanted: Wanted,
    place: Place,
    connection: ConnectionTo<ClientRole>,
    responder: Responder<Response>,
    response: impl FnOnce(Opened) -> Response + Send + 'static,
) -> Result<(), Error> {
    let opening = Opening {
        cancellation: responder.cancellation(),
        wanted,
        folder: place.folder,
        mcp_servers: place.mcp_servers,
        connection,
        respond: Box::new(move |opened| {
            // A client that is gone needs no answer.
            let _ = responder.respond_with_result(opened.map(response));
        }),
    };
    opening.begin(host).map_err(Error::into_internal_error)
}

/// Answers a request by what may take a while.
fn on_a_thread<Response: JsonRpcResponse + Send + 'static>(
    host: &Host,
    responder: Responder<Response>,
    work: impl FnOnce() -> Result<Response, Error> + Send + 'static,
) -> Result<(), Error> {
    let answer = move || {
        // A client that is gone needs no answer.
        let _ = responder.respond_with_result(work());
    };
    host.work(answer).map_err(Error::into_internal_error)
}

fn initialize(
    host: &Arc<Host>,
    request: &InitializeRequest,
    responder: Responder<InitializeResponse>,
) -> Result<(), Error> {
    let client = Client::of(&request.client_capabilities);
    host.know(client);
    let own = Arc::clone(host);
    on_a_thread(host, responder, move || {
        let prompts = PromptCapabilities::new()
            .embedded_context(true)
            .image(takes_images(&own));
        let sessions = SessionCapabilities::new()
            .list(SessionListCapabilities::new())
            .delete(SessionDeleteCapabilities::new())
            .resume(SessionResumeCapabilities::new())
            .close(SessionCloseCapabilities::new());
        let capabilities = AgentCapabilities::new()
            .load_session(true)
            .prompt_capabilities(prompts)
            .mcp_capabilities(McpCapabilities::new().http(true).sse(true))
            .session_capabilities(sessions);
        let version = env!("CARGO_PKG_VERSION");
        Ok(InitializeResponse::new(ProtocolVersion::V1)
            .agent_capabilities(capabilities)
            .auth_methods(auth_methods(client))
            .agent_info(Implementation::new("ampctl", version).title("Amp".to_owned())))
    })
}

/// Returns the ways to log in.
fn auth_methods(client: Client) -> Vec<AuthMethod> {
    let key = AuthMethodAgent::new(KEY, "Amp API key").description(
        "AMP_API_KEY in the environment of the editor, or the key that `ampctl login` has stored"
            .to_owned(),
    );
    let login = AuthMethodTerminal::new(LOGIN, "Log in with a browser")
        .description("Runs Amp's own login in a terminal".to_owned())
        .args(vec!["--login".to_owned()]);
    let login = client
        .logs_in_by_terminal
        .then_some(AuthMethod::Terminal(login));
    std::iter::once(AuthMethod::Agent(key))
        .chain(login)
        .collect()
}

/// Tells whether the Amp in use takes pictures; without one, none does.
fn takes_images(host: &Host) -> bool {
    let context = host.surroundings.context("/");
    let supports = || {
        let settings = Settings::about(host.arguments.amp.clone(), &host.global, &context).ok()?;
        let found = amp_in_use::find(&settings, &context).ok()?;
        let amp = runtime::block_on(found.identify(None, &context))
            .ok()?
            .ok()?;
        Some(amp.dialect().supports(Feature::ImageInput))
    };
    supports().unwrap_or(false)
}

/// Looks whether there is a key.
fn authenticate(host: &Host, request: &AuthenticateRequest) -> Result<AuthenticateResponse, Error> {
    let method = &*request.method_id.0;
    if method != KEY && method != LOGIN {
        return Err(invalid(format!(
            "there is no way to log in called `{method}`"
        )));
    }
    let context = host.surroundings.context("/");
    let credentials = credentials::of(None, &context);
    match credentials.check() {
        Ok(()) => Ok(AuthenticateResponse::new()),
        Err(error) => Err(of_failure(&error.into())),
    }
}
