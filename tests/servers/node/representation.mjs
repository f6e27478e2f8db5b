/** A Binding as it is served. */

const RESERVED_BESIDE = /[!*'()]/g;

const escaped = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

export class Representation {
  /** The Binding of a service of an account, at a server's origin such as `http://127.0.0.1:8000`. */
  binding(origin, service, binding) {
    return {
      sid: binding.sid,
      service_sid: service.sid,
      account_sid: service.accountSid,
      identity: binding.identity,
      endpoint: binding.endpoint,
      binding_type: binding.binding_type,
      credential_sid: binding.credential_sid,
      message_types: this.messageTypes(binding.message_types),
      date_created: this.date(binding.date_created),
      date_updated: this.date(binding.date_updated),
      url: `${this.collectionUrl(origin, service)}/${binding.sid}`,
      links: { user: `${origin}/v2/Services/${service.sid}/Users/${this.encode(binding.identity)}` },
    };
  }

  /** The URL of a service's list. */
  collectionUrl(origin, service) {
    return `${origin}/v2/Services/${service.sid}/Bindings`;
  }

  /** Encode a segment of a path, with the reserved characters that encodeURIComponent leaves. */
  encode(identity) {
    return encodeURIComponent(identity).replace(RESERVED_BESIDE, escaped);
  }

  messageTypes(types) {
    return types;
  }

  date(text) {
    return text;
  }
}
