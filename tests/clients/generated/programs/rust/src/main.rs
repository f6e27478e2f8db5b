//! Use the generated client as its reader would, and print what it gives, a JSON document on each line.

use std::env;
use std::error::Error as StdError;
use std::fs;

use chat_bindings_client::apis::bindings_api::{
    delete_binding, fetch_binding, list_bindings, DeleteBindingError, FetchBindingError, ListBindingsError,
};
use chat_bindings_client::apis::configuration::Configuration;
use chat_bindings_client::apis::Error as ClientError;
use chat_bindings_client::models::{Binding, BindingList, BindingType, Error};
use chrono::{DateTime, FixedOffset};
use serde_json::{json, Value};
use url::Url;

type Outcome<T> = Result<T, Box<dyn StdError>>;

/// The contract's error that came instead of an answer.
trait Told {
    fn told(self) -> Option<Error>;
}

macro_rules! told {
    ($($error:ident),*) => {$(
        impl Told for $error {
            fn told(self) -> Option<Error> {
                match self {
                    $error::DefaultResponse(error) => Some(error),
                    $error::UnknownValue(_) => None,
                }
            }
        }
    )*};
}

told!(DeleteBindingError, FetchBindingError, ListBindingsError);

fn tell(step: &str, mut what: Value) {
    what["step"] = json!(step);
    println!("{what}");
}

fn sids(page: &BindingList) -> Vec<Option<&str>> {
    page.bindings.iter().map(|binding| binding.sid.as_deref()).collect()
}

async fn pages(api: &Configuration, service: &str, size: i32) -> Outcome<Vec<BindingList>> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = list_bindings(api, service, None, None, Some(size), None, token.as_deref()).await?;
        let next = page.meta.next_page_url.clone();
        found.push(page);
        let Some(next) = next else { return Ok(found) };
        let next = Url::parse(&next)?;
        token = next.query_pairs().find(|(name, _)| name == "PageToken").map(|(_, value)| value.into_owned());
    }
}

fn properties(binding: &Binding) -> Value {
    let iso = |time: Option<DateTime<FixedOffset>>| time.map(|it| it.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string());
    json!({
        "sid": binding.sid,
        "account_sid": binding.account_sid,
        "service_sid": binding.service_sid,
        "date_created": iso(binding.date_created),
        "date_updated": iso(binding.date_updated),
        "endpoint": binding.endpoint,
        "identity": binding.identity,
        "binding_type": binding.binding_type,
        "credential_sid": binding.credential_sid,
        "message_types": binding.message_types,
        "url": binding.url,
        "user": binding.links.as_ref().and_then(|links| links.user.as_deref()),
    })
}

fn tell_error<T, E: Told>(step: &str, outcome: Result<T, ClientError<E>>) -> Outcome<()> {
    let Err(ClientError::ResponseError(response)) = outcome else { return Err(step.into()) };
    let error = response.entity.and_then(Told::told).ok_or(step)?;
    tell(
        step,
        json!({
            "http": response.status.as_u16(),
            "code": error.code,
            "message": error.message,
            "info": error.more_info,
            "status": error.status,
        }),
    );
    Ok(())
}

async fn tell_case(api: &Configuration, case: &Value) -> Outcome<()> {
    let service: String = serde_json::from_value(case["service"].clone())?;
    let identities: Option<Vec<String>> = serde_json::from_value(case["identities"].clone())?;
    let types: Option<Vec<BindingType>> = serde_json::from_value(case["types"].clone())?;
    match list_bindings(api, &service, types, identities, None, None, None).await {
        Ok(page) => {
            let found: Vec<Value> = page.bindings.iter().map(properties).collect();
            tell("case", json!({"case": case["case"], "bindings": found}));
        }
        Err(ClientError::ResponseError(response)) => {
            let http = response.status.as_u16();
            tell("case", json!({"case": case["case"], "http": http, "text": response.content}));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn api_as(token: String) -> Outcome<Configuration> {
    Ok(Configuration {
        base_path: env::var("BASE_URL")?,
        basic_auth: Some((env::var("ACCOUNT_SID")?, Some(token))),
        ..Configuration::default()
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let api = api_as(env::var("AUTH_TOKEN")?)?;
    let (service, sid) = (env::var("SERVICE_SID")?, env::var("BINDING_SID")?);

    for case in serde_json::from_str::<Vec<Value>>(&fs::read_to_string(env::var("CASES")?)?)? {
        tell_case(&api, &case).await?;
    }
    let walk = pages(&api, &service, env::var("PAGE_SIZE")?.parse()?).await?;
    tell("walked", json!({"pages": walk.iter().map(sids).collect::<Vec<_>>()}));
    let meta = &walk[0].meta;
    let first = meta.previous_page_url.is_none();
    tell("meta", json!({"page": meta.page, "page_size": meta.page_size, "first": first, "key": meta.key}));

    tell("fetched", json!({"binding": properties(&fetch_binding(&api, &service, &sid).await?)}));
    delete_binding(&api, &service, &sid).await?;
    tell_error("fetched again", fetch_binding(&api, &service, &sid).await)?;
    tell_error("deleted again", delete_binding(&api, &service, &sid).await)?;
    tell_error("too large", list_bindings(&api, &service, None, None, Some(1001), None, None).await)?;
    let stranger = api_as("0".repeat(32))?;
    tell_error("unauthorized", list_bindings(&stranger, &service, None, None, None, None, None).await)
}
