import com.fasterxml.jackson.databind.ObjectMapper;
import com.twilio.Twilio;
import com.twilio.base.Page;
import com.twilio.rest.chat.v2.service.Binding;
import com.twilio.rest.chat.v2.service.BindingReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Prints what a list holds, at once and page by page to its end and back, for each page size that is named. */
final class Walk {
    public static void main(String[] arguments) throws IOException {
        Twilio.init(System.getenv("TWILIO_ACCOUNT_SID"), System.getenv("TWILIO_AUTH_TOKEN"));

        List<Map<String, Object>> walks = new ArrayList<>();
        for (String size : List.of(arguments).subList(1, arguments.length)) {
            BindingReader bindings = Binding.reader(arguments[0]);
            if (!size.equals("default")) {
                bindings.pageSize(Integer.parseInt(size));
            }
            walks.add(walk(bindings));
        }
        new ObjectMapper().writeValue(System.out, walks);
    }

    private static Map<String, Object> walk(BindingReader bindings) {
        List<List<String>> forwards = new ArrayList<>();
        List<List<String>> back = new ArrayList<>();
        Page<Binding> page = bindings.firstPage();
        forwards.add(sids(page.getRecords()));
        while (page.hasNextPage()) {
            page = bindings.nextPage(page);
            forwards.add(sids(page.getRecords()));
        }
        // the SDK has no hasPreviousPage: where there is none, it makes up a URL that ends with "null"
        while (!page.getPreviousPageUrl("chat").endsWith("null")) {
            page = bindings.previousPage(page);
            back.add(sids(page.getRecords()));
        }
        return Map.of("listed", sids(bindings.read()), "forwards", forwards, "back", back);
    }

    private static List<String> sids(Iterable<Binding> bindings) {
        List<String> sids = new ArrayList<>();
        bindings.forEach(binding -> sids.add(binding.getSid()));
        return sids;
    }
}
