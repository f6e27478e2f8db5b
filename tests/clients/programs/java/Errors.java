import com.fasterxml.jackson.databind.ObjectMapper;
import com.twilio.exception.ApiException;
import com.twilio.http.TwilioRestClient;
import com.twilio.rest.chat.v2.service.Binding;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Prints what the SDK's own exception says, in each case in which it should be thrown. */
final class Errors {
    public static void main(String[] arguments) throws IOException {
        String accountSid = System.getenv("TWILIO_ACCOUNT_SID");
        TwilioRestClient client = client(accountSid, System.getenv("TWILIO_AUTH_TOKEN"));
        TwilioRestClient stranger = client(accountSid, "0".repeat(32));
        String service = arguments[0];
        String absentService = arguments[1];
        String absent = arguments[2];
        String foreignService = arguments[3];

        Map<String, Runnable> cases = new LinkedHashMap<>();
        cases.put("fetch of an absent binding", () -> Binding.fetcher(service, absent).fetch(client));
        cases.put("delete of an absent binding", () -> Binding.deleter(service, absent).delete(client));
        cases.put("fetch of a malformed SID", () -> Binding.fetcher(service, "nothing").fetch(client));
        cases.put("list of an absent service", () -> Binding.reader(absentService).read(client));
        cases.put("list of another account's service", () -> Binding.reader(foreignService).read(client));
        cases.put("fetch with a wrong token", () -> Binding.fetcher(service, absent).fetch(stranger));
        cases.put("delete with a wrong token", () -> Binding.deleter(service, absent).delete(stranger));
        cases.put("list with a wrong token", () -> Binding.reader(service).read(stranger));
        cases.put("list with a limit over the largest page", () -> Binding.reader(service).limit(2000).read(client));
        cases.put(
            "list with a limit over it, and a page size",
            () -> Binding.reader(service).pageSize(1000).limit(2000).read(client));

        Map<String, Object> results = new LinkedHashMap<>();
        cases.forEach((name, request) -> results.put(name, thrown(request)));
        new ObjectMapper().writeValue(System.out, results);
    }

    private static TwilioRestClient client(String username, String password) {
        return new TwilioRestClient.Builder(username, password).build();
    }

    private static Map<String, Object> thrown(Runnable request) {
        try {
            request.run();
        } catch (ApiException error) {
            return Map.of("code", error.getCode(), "status", error.getStatusCode(), "message", error.getMessage());
        }
        return null;
    }
}
