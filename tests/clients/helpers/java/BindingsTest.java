import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.twilio.base.Reader;
import com.twilio.exception.ApiException;
import com.twilio.http.TwilioRestClient;
import com.twilio.rest.chat.v2.service.Binding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The official SDK on the helper: what it makes of faults, and what it sends. */
final class BindingsTest {
    private static final String FIRST = "BS00000000000000000000000000000001";

    @RegisterExtension
    private static final ChatBindings SERVER = new ChatBindings("--world", System.getenv("WORLD"));

    private final String service = SERVER.get("service_sid");
    private final TwilioRestClient client =
        Loopback.clientAt(SERVER.get("url"), SERVER.get("account_sid"), SERVER.get("auth_token"));

    @Test
    void aListThatFailedIsRightWhenItIsAskedForAgain() throws Exception {
        SERVER.setFaults(Map.of("operation", "listBindings", "first", 2, "code", 429)); // the SDK tries twice
        ApiException error = assertThrows(ApiException.class, () -> identities(Binding.reader(service)));
        assertEquals(List.of(429, 20429), List.of(error.getStatusCode(), error.getCode()));
        assertEquals(3, identities(Binding.reader(service)).size());
        SERVER.assertRequests("listBindings 429", "listBindings 429", "listBindings 200");
    }

    @Test
    void aWalkAsksForEachPage() throws Exception {
        assertEquals(List.of("alice", "alice", "a,b"), identities(Binding.reader(service).pageSize(1)));
        SERVER.assertRequests("listBindings 200", "listBindings 200", "listBindings 200");
    }

    @Test
    void aFilterIsSentAsOneValue() throws Exception {
        assertEquals(List.of("a,b"), identities(Binding.reader(service).setIdentity("a,b")));
        assertEquals("Identity=a%2Cb", SERVER.requests().get(0).get("query").asText());
    }

    @RepeatedTest(2) // the second finds again what the first deleted
    void aDeletion() throws Exception {
        assertTrue(Binding.deleter(service, FIRST).delete(client));
        SERVER.assertRequests("deleteBinding 204");
        assertThrows(ApiException.class, () -> Binding.fetcher(service, FIRST).fetch(client));
        SERVER.assertRequests("fetchBinding 404");
    }

    private List<String> identities(Reader<Binding> reader) {
        List<String> identities = new ArrayList<>();
        reader.read(client).forEach(binding -> identities.add(binding.getIdentity()));
        return identities;
    }
}
