//! Calls each operation by the client that progenitor generates, and prints what came of it as one line of JSON.

use bindings_client::types::{self, BindingList, BindingType, ListBindingsIdentityItem};
use bindings_client::{Client, Error, ResponseValue};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};

type Answer<T> = Result<ResponseValue<T>, Error<types::Error>>;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn sids(answer: Answer<BindingList>) -> Vec<String> {
    let page = answer.expect("a page").into_inner();
    page.bindings.into_iter().map(|each| each.sid.to_string()).collect()
}

fn failure<T>(answer: Answer<T>) -> Value {
    match answer {
        Err(Error::ErrorResponse(told)) => json!([told.status().as_u16(), told.code]),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it did not fail"),
    }
}

fn identities() -> Vec<ListBindingsIdentityItem> {
    ["alice", "a,b"].iter().map(|each| each.parse().expect("an identity")).collect()
}

async fn walk(client: &Client, service: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut call = client.list_bindings().service_sid(service).page_size(std::num::NonZeroU64::new(20).expect("20"));
        if let Some(token) = &token {
            call = call.page_token(token);
        }
        let page = call.send().await.expect("a page").into_inner();
        pages.push(page.bindings.iter().map(|each| each.sid.to_string()).collect());
        let Some(next) = page.meta.next_page_url else { return pages };
        let next = reqwest::Url::parse(&next.to_string()).expect("a URL");
        token = next.query_pairs().find(|(name, _)| name == "PageToken").map(|(_, value)| value.into_owned());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let request = reqwest::Client::new().get(setting("BASE_URL")).basic_auth(setting("ACCOUNT_SID"), Some(setting("AUTH_TOKEN")));
    let authorization: HeaderValue = request.build().expect("a request").headers()[AUTHORIZATION].clone();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
    let http = reqwest::Client::builder().default_headers(headers).build().expect("a client");
    let client = Client::new_with_client(&setting("BASE_URL"), http);
    let (service, sid) = (&*setting("SERVICE_SID"), &*setting("SID"));
    let list = || client.list_bindings().service_sid(service);
    let fetch = || client.fetch_binding().service_sid(service).sid(sid);
    println!(
        "{}",
        json!({
            "fetched": fetch().send().await.expect("a Binding").endpoint,
            "identities": sids(list().identity(identities()).send().await),
            "types": sids(list().binding_type(vec![BindingType::Apn, BindingType::Fcm]).send().await),
            "walked": walk(&client, service).await,
            "refused": failure(list().page_size(std::num::NonZeroU64::new(1001).expect("1001")).send().await),
            "removed": client.delete_binding().service_sid(service).sid(sid).send().await.is_ok(),
            "gone": failure(fetch().send().await),
        })
    );
}
