import com.fasterxml.jackson.databind.ObjectMapper;
import com.twilio.Twilio;
import com.twilio.rest.chat.v2.service.Binding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prints all properties of all Bindings of a list, and of the first again, fetched by itself. */
final class Read {
    public static void main(String[] arguments) throws IOException {
        Twilio.init(System.getenv("TWILIO_ACCOUNT_SID"), System.getenv("TWILIO_AUTH_TOKEN"));
        String serviceSid = arguments[0];

        List<Map<String, Object>> listed = new ArrayList<>();
        for (Binding binding : Binding.reader(serviceSid).read()) {
            listed.add(properties(binding));
        }
        Binding fetched = Binding.fetcher(serviceSid, (String) listed.get(0).get("sid")).fetch();
        new ObjectMapper().writeValue(System.out, Map.of("listed", listed, "fetched", properties(fetched)));
    }

    private static Map<String, Object> properties(Binding binding) {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("sid", binding.getSid());
        properties.put("account_sid", binding.getAccountSid());
        properties.put("service_sid", binding.getServiceSid());
        properties.put("date_created", binding.getDateCreated().toInstant().toString());
        properties.put("date_updated", binding.getDateUpdated().toInstant().toString());
        properties.put("endpoint", binding.getEndpoint());
        properties.put("identity", binding.getIdentity());
        properties.put("binding_type", binding.getBindingType().toString());
        properties.put("credential_sid", binding.getCredentialSid());
        properties.put("message_types", binding.getMessageTypes());
        properties.put("url", binding.getUrl().toString());
        properties.put("links", binding.getLinks());
        return properties;
    }
}
