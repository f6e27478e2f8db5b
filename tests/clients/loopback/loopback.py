from twilio.rest import Client


def client_at(url, account_sid, auth_token):
    client = Client(account_sid, auth_token)
    client.chat.base_url = url
    return client
