// Uses the generated client as its reader would, and prints what it gives, a JSON document on each line.

import chatbindings.client.apis.BindingsApi
import chatbindings.client.infrastructure.ApiClient
import chatbindings.client.infrastructure.ClientError
import chatbindings.client.infrastructure.ClientException
import chatbindings.client.infrastructure.Serializer
import chatbindings.client.infrastructure.ServerError
import chatbindings.client.infrastructure.ServerException
import chatbindings.client.models.ApiError
import chatbindings.client.models.Binding
import chatbindings.client.models.BindingList
import chatbindings.client.models.BindingType
import com.squareup.moshi.adapter
import java.io.File
import okhttp3.HttpUrl.Companion.toHttpUrlOrNull

private val service = setting("SERVICE_SID")

private fun setting(name: String): String = checkNotNull(System.getenv(name)) { "$name is not set" }

private fun tell(step: String, vararg told: Pair<String, Any?>) =
    println(Serializer.moshi.adapter(Any::class.java).serializeNulls().toJson(mapOf("step" to step, *told)))

private fun sids(found: BindingList): List<String?> = found.bindings.map { it.sid }

private fun pages(api: BindingsApi, size: Int): Sequence<BindingList> {
    val first = api.listBindings(service, pageSize = size)
    return generateSequence(first) { page ->
        val next = page.meta.nextPageUrl?.toString()?.toHttpUrlOrNull()
        next?.let { api.listBindings(service, pageSize = size, pageToken = it.queryParameter("PageToken")) }
    }
}

private fun properties(binding: Binding): Map<String, Any?> = mapOf(
    "sid" to binding.sid,
    "account_sid" to binding.accountSid,
    "service_sid" to binding.serviceSid,
    "date_created" to binding.dateCreated?.toInstant()?.toString(),
    "date_updated" to binding.dateUpdated?.toInstant()?.toString(),
    "endpoint" to binding.endpoint,
    "identity" to binding.identity,
    "binding_type" to binding.bindingType,
    "credential_sid" to binding.credentialSid,
    "message_types" to binding.messageTypes,
    "url" to binding.url?.toString(),
    "user" to binding.links?.user?.toString(),
)

@OptIn(ExperimentalStdlibApi::class)
private fun tellError(step: String, request: () -> Unit) {
    try {
        request()
    } catch (thrown: ClientException) {
        val body = (thrown.response as ClientError<*>).body as String
        val error: ApiError = checkNotNull(Serializer.moshi.adapter<ApiError>().fromJson(body))
        tell(
            step,
            "http" to thrown.statusCode,
            "code" to error.code,
            "message" to error.message,
            "info" to error.moreInfo.toString(),
            "status" to error.status,
        )
    }
}

private class Case(
    val case: String,
    val service: String,
    val identities: List<String>?,
    val types: List<String>?,
)

private fun cases(): List<Case> {
    val read = Serializer.moshi.adapter(Any::class.java).fromJson(File(setting("CASES")).readText()) as List<*>
    return read.map { it as Map<*, *> }.map {
        Case(it["case"] as String, it["service"] as String, texts(it["identities"]), texts(it["types"]))
    }
}

private fun texts(value: Any?): List<String>? = (value as List<*>?)?.map { it as String }

private fun tellCase(api: BindingsApi, case: Case) {
    val types = case.types?.map { checkNotNull(BindingType.decode(it)) }
    try {
        val page = api.listBindings(case.service, types, case.identities)
        tell("case", "case" to case.case, "bindings" to page.bindings.map(::properties))
    } catch (thrown: ClientException) {
        tell("case", "case" to case.case, "http" to thrown.statusCode, "text" to (thrown.response as ClientError<*>).body)
    } catch (thrown: ServerException) {
        tell("case", "case" to case.case, "http" to thrown.statusCode, "text" to (thrown.response as ServerError<*>).body)
    }
}

private fun use(api: BindingsApi, sid: String) {
    cases().forEach { tellCase(api, it) }
    val walk = pages(api, setting("PAGE_SIZE").toInt()).toList()
    tell("walked", "pages" to walk.map(::sids))
    val meta = walk.first().meta
    tell(
        "meta",
        "page" to meta.page,
        "page_size" to meta.pageSize,
        "first" to (meta.previousPageUrl == null),
        "key" to meta.key,
    )

    tell("fetched", "binding" to properties(api.fetchBinding(service, sid)))
    api.deleteBinding(service, sid)
    tellError("fetched again") { api.fetchBinding(service, sid) }
    tellError("deleted again") { api.deleteBinding(service, sid) }
    tellError("too large") { api.listBindings(service, pageSize = 1001) }
}

fun main() {
    val api = BindingsApi(setting("BASE_URL"))
    ApiClient.username = setting("ACCOUNT_SID")
    ApiClient.password = setting("AUTH_TOKEN")
    use(api, setting("BINDING_SID"))

    val stranger = BindingsApi(setting("BASE_URL"))
    stranger.userCredentialsProvider = { setting("ACCOUNT_SID") to "0".repeat(32) }
    tellError("unauthorized") { stranger.listBindings(service) }
}
