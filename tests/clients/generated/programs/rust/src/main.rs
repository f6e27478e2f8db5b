//! Use the generated client as its reader would, and print what it gives, a JSON document on each line.

use std::env;
use std::error::Error as StdError;

use chat_bindings_client::apis::bindings_api::{
    delete_binding, fetch_binding, list_bindings, DeleteBindingError, FetchBindingError, ListBindingsError,
};
use chat_bindings_client::apis::configuration::Configuration;
use chat_bindings_client::apis::Error as ClientError;
use chat_bindings_client::models::{Binding, BindingList, BindingType, Error};
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

fn sids(page: &BindingList) -> Vec<&str> {
    page.bindings.iter().map(|binding| binding.sid.as_str()).collect()
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
    let iso = "%Y-%m-%dT%H:%M:%SZ";
    json!({
        "sid": binding.sid,
        "account_sid": binding.account_sid,
        "service_sid": binding.service_sid,
        "date_created": binding.date_created.to_utc().format(iso).to_string(),
        "date_updated": binding.date_updated.to_utc().format(iso).to_string(),
        "endpoint": binding.endpoint,
        "identity": binding.identity,
        "binding_type": binding.binding_type.to_string(),
        "credential_sid": binding.credential_sid,
        "message_types": binding.message_types,
        "url": binding.url,
        "user": binding.links.user,
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
    let identities: Vec<String> = env::args().skip(1).collect();

    for identity in &identities {
        let one = Some(vec![identity.clone()]);
        let found = list_bindings(&api, &service, None, one, None, None, None).await?;
        tell("identity", json!({"identity": identity, "sids": sids(&found)}));
    }
    let types = Some(vec![BindingType::Apn, BindingType::Fcm]);
    let filtered = list_bindings(&api, &service, types, Some(identities), None, None, None).await?;
    tell("filtered", json!({"sids": sids(&filtered)}));
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
