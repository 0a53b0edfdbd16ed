//! Names of tools that no build has.

use amp_protocol::{PermissionRule, tool::ToolName};

use super::finding::{Check, Finding};
use super::{Place, RuleList, RuleSet};
use crate::permission::expression::Found;
use crate::permission::rules::RuleScope;
use crate::permission::tool_glob::ToolPattern;

/// Tools that the measured builds' own rules name, beside those of [`ToolName`].
const OTHER_TOOLS: &str = "Check Glob advisor archive_current_thread archive_thread \
    archive_threads ask_user_choice bookkeeper chart clear_schedule code_review code_tour \
    commit_search commit_search_bitbucket_enterprise create_cron_automation \
    create_github_automation create_github_subscription create_project create_slack_automation \
    create_slack_listener create_slack_trigger create_thread delete_automation delete_file \
    delete_github_subscription delete_slack_listener describe_workbook diff \
    diff_bitbucket_enterprise docs_list docs_read docs_write download_thread_changes \
    download_thread_file execute_query find_shared_plugins_and_skills format_file get_automation \
    get_current_time get_current_user_identity get_diagnostics get_document \
    get_github_subscription get_schedule get_settings get_slack_listener get_thread_status \
    get_thread_usage get_usage github_repo_ci_status glob_bitbucket_enterprise glob_github \
    gmail_read gmail_write google_docs_read google_docs_write google_drive_download \
    google_drive_search google_sheets_read google_sheets_write illustrator kraken \
    list_agent_modes list_amp_bug_reports list_directory_bitbucket_enterprise \
    list_directory_github list_github_issues list_github_subscriptions list_oauth_clients \
    list_repositories list_repositories_bitbucket_enterprise list_runners list_schedules \
    list_slack_listeners list_workspace_members load_plugin manage_app_deployments manage_apps \
    manage_environment_variables manage_external_agents manage_git_identity \
    manage_remote_mcp_servers manage_secrets mermaid model_providers portal_control \
    portal_observe public_artifact_url publish_thread_artifacts read_bitbucket_enterprise \
    read_github read_github_issue read_messages reload_mcp reload_plugins reload_skills \
    render_agg_man reply_to_thread_comment report_amp_bug restore_snapshot run_check save_memory \
    search_amp_documentation search_bitbucket_enterprise search_documents search_github \
    search_messages send_email send_message_to_aggman send_message_to_thread send_thread_message \
    set_schedule ship_thread_changes slack_read slack_write sleep submit_check submit_review \
    task_list thread_file_url thread_portal_login_url thread_status todo_read unarchive_thread \
    update_automation update_github_subscription update_project update_schedule update_setting \
    update_slack_listener update_thread upload_thread_file view_media wait_for_threads \
    walkthrough walkthrough_diagram x_read x_reply";

/// What the names of tools that servers and folders bring along begin with.
const OPEN_PREFIXES: [&str; 2] = ["mcp__", "tb__"];

pub(super) fn check(place: Place<'_>, rule: &PermissionRule, set: &RuleSet) -> Option<Finding> {
    let tool = rule.tool.as_str();
    if tool.starts_with('/') && tool.ends_with('/') && tool.len() > 2 {
        let message = "a tool is a glob: what stands between slashes is no pattern here, and no tool \
                       has such a name";
        return Some(place.error(Check::NeverMatches, message, None));
    }
    let pattern = ToolPattern::new(tool, true);
    if OPEN_PREFIXES.iter().any(|prefix| tool.starts_with(prefix)) {
        return None;
    }
    let built_in = set
        .lists()
        .iter()
        .filter(|list| list.scope == RuleScope::BuiltIn)
        .flat_map(RuleList::taken);
    let means = |name: &str| pattern.matches(name, true) != Found::No;
    if known_tools().any(means) || built_in.map(|(_, rule)| &rule.tool).any(|name| means(name)) {
        return None;
    }
    // A glob may be about servers that nobody knows here.
    let sample = OPEN_PREFIXES.map(|prefix| format!("{prefix}server__tool"));
    if sample
        .iter()
        .any(|name| pattern.matches(name, true) != Found::No)
    {
        return None;
    }
    let nearest = known_tools()
        .map(|name| (distance(&name.to_lowercase(), &tool.to_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= if name.len() > 3 { 2 } else { 1 });
    let message = match nearest {
        Some((_, name)) => format!("no known build has a tool {tool}; {name} is near"),
        None => format!("no known build has a tool {tool}; a plugin may bring one"),
    };
    let safer = nearest.map(|(_, name)| {
        let mut safer = rule.clone();
        safer.tool = name.to_owned();
        safer
    });
    Some(match nearest {
        Some(_) => place.error(Check::UnknownTool, message, safer.as_ref()),
        None => place.warning(Check::UnknownTool, message, None),
    })
}

fn known_tools() -> impl Iterator<Item = &'static str> {
    let named = ToolName::KNOWN.iter().copied();
    named.chain(OTHER_TOOLS.split_whitespace())
}

/// Returns how many letters must be put in, taken out, replaced or swapped with their neighbour.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 4 || one.len() > 100 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for row in 1..=one.len() {
        let mut next = vec![row];
        for column in 1..=other.len() {
            let differs = usize::from(one[row - 1] != other[column - 1]);
            let mut least = (rows[row - 1][column] + 1)
                .min(next[column - 1] + 1)
                .min(rows[row - 1][column - 1] + differs);
            let swapped = row > 1
                && column > 1
                && one[row - 1] == other[column - 2]
                && one[row - 2] == other[column - 1];
            if swapped {
                least = least.min(rows[row - 2][column - 2] + 1);
            }
            next.push(least);
        }
        rows.push(next);
    }
    rows[one.len()][other.len()]
}
