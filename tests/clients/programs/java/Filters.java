import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.twilio.Twilio;
import com.twilio.rest.chat.v2.service.Binding;
import com.twilio.rest.chat.v2.service.Binding.BindingType;
import com.twilio.rest.chat.v2.service.BindingReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Prints, for each filter of standard input, the SIDs of the Bindings that it lets through. */
final class Filters {
    public static void main(String[] arguments) throws IOException {
        Twilio.init(System.getenv("TWILIO_ACCOUNT_SID"), System.getenv("TWILIO_AUTH_TOKEN"));
        ObjectMapper json = new ObjectMapper();

        List<List<String>> found = new ArrayList<>();
        for (JsonNode wanted : json.readTree(System.in)) {
            List<String> sids = new ArrayList<>();
            reader(arguments[0], wanted).read().forEach(binding -> sids.add(binding.getSid()));
            found.add(sids);
        }
        json.writeValue(System.out, found);
    }

    private static BindingReader reader(String serviceSid, JsonNode wanted) {
        BindingReader reader = Binding.reader(serviceSid);
        JsonNode types = wanted.path("binding_type");
        if (types.isTextual()) {
            reader.setBindingType(BindingType.forValue(types.textValue()));
        } else if (types.isArray()) {
            reader.setBindingType(texts(types).stream().map(BindingType::forValue).toList());
        }
        JsonNode identities = wanted.path("identity");
        if (identities.isTextual()) {
            reader.setIdentity(identities.textValue());
        } else if (identities.isArray()) {
            reader.setIdentity(texts(identities));
        }
        if (wanted.has("page_size")) {
            reader.setPageSize(wanted.get("page_size").longValue());
        }
        return reader;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.textValue()));
        return texts;
    }
}
