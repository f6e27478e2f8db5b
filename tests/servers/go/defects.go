package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// A defect is what Go programs get wrong: the clause that is meant to catch it, and what is wrong, in a sentence.
type defect struct {
	Name   string `json:"name"`
	Clause string `json:"clause"`
	Defect string `json:"defect"`
	plant  func(*app)
}

// planted gives the handler of an app that has a defect.
func planted(name string, a *app) http.Handler {
	for _, each := range defects {
		if each.Name == name {
			each.plant(a)
			return a.handler()
		}
	}
	panic("there is no defect " + name)
}

// ignoringInvalidQueries takes a raw query that is no UTF-8 for none, in requests of a method.
func ignoringInvalidQueries(method string) func(*app) {
	return func(a *app) {
		a.query = func(r *http.Request) (url.Values, error) {
			if r.Method == method && !utf8.ValidString(r.URL.RawQuery) {
				return url.Values{}, nil
			}
			return strictQuery(r)
		}
	}
}

var defects = []defect{
	{"query-drops-pairs", "FILTER-15", "URL.Query drops a pair with a raw `;` or a broken escape, and its error with it.",
		func(a *app) { a.query = func(r *http.Request) (url.Values, error) { return r.URL.Query(), nil } }},
	{"query-drops-pairs-of-deletes", "DELETE-15", "The delete looks at len(r.URL.Query()), and pairs that it drops are none.",
		func(a *app) {
			a.query = func(r *http.Request) (url.Values, error) {
				if r.Method == http.MethodDelete {
					return r.URL.Query(), nil
				}
				return strictQuery(r)
			}
		}},
	{"invalid-raw-query-is-none", "FILTER-15", "A RawQuery that utf8.ValidString refuses is not parsed: no filter, everybody.",
		ignoringInvalidQueries(http.MethodGet)},
	{"invalid-raw-query-of-a-delete", "DELETE-15", "A delete's RawQuery that utf8.ValidString refuses counts as none.",
		ignoringInvalidQueries(http.MethodDelete)},
	{"get-gives-the-first", "FILTER-04", "query.Get gives the first value of a filter, and drops the others.",
		withQuery(func(q url.Values) {
			for name, values := range q {
				q[name] = values[:1]
			}
		})},
	{"get-cannot-tell-empty", "FILTER-15", "query.Get of an empty filter is \"\", as that of none: everybody is shown.",
		withQuery(func(q url.Values) {
			for name, values := range q {
				if values[0] == "" {
					delete(q, name)
				}
			}
		})},
	{"names-in-lower-case", "LIST-14", "A middleware makes the names of parameters lower-case: the last spelling wins.",
		withQuery(func(q url.Values) {
			for _, right := range []string{"Identity", "BindingType"} {
				for name := range maps.Clone(q) {
					if strings.EqualFold(name, right) && name != right {
						q[right] = q[name]
						delete(q, name)
					}
				}
			}
		})},
	{"unknown-names-are-ignored", "LIST-14", "The handler takes from the query what it knows, and looks at nothing else.",
		withQuery(func(q url.Values) {
			for name := range q {
				if !slices.Contains([]string{"BindingType", "Identity", "PageSize", "Page", "PageToken"}, name) {
					delete(q, name)
				}
			}
		})},
	{"splits-at-commas", "TEXT-01", "Filters are split at commas, as for `?ids=1,2`.",
		withQuery(func(q url.Values) {
			if q.Has("Identity") {
				q["Identity"] = strings.Split(strings.Join(q["Identity"], ","), ",")
			}
		})},
	{"trims-values", "TEXT-03", "Every value of the query goes through strings.TrimSpace.",
		withQuery(func(q url.Values) { each(q, strings.TrimSpace) })},
	{"form-value-reads-bodies", "HTTP-14", "r.FormValue parses a multipart body too, whatever the method, and r.Form has both.",
		func(a *app) {
			a.query = func(r *http.Request) (url.Values, error) {
				r.FormValue("PageSize")
				return r.Form, nil
			}
		}},
	{"replaces-what-is-no-utf8", "TEXT-19", "strings.ToValidUTF8 takes out what is no UTF-8: `a%FF` finds the user a.",
		func(a *app) {
			a.query = func(r *http.Request) (url.Values, error) {
				query, err := url.ParseQuery(r.URL.RawQuery)
				if err != nil {
					return nil, bad("The query cannot be read.")
				}
				each(query, func(value string) string { return strings.ToValidUTF8(value, "") })
				return query, nil
			}
		}},
	{"equal-fold", "TEXT-02", "Identities are compared by strings.EqualFold.",
		func(a *app) {
			a.matches = func(identities []string, identity string) bool {
				return slices.ContainsFunc(identities, func(each string) bool { return strings.EqualFold(each, identity) })
			}
		}},
	{"cuts-to-bytes", "TEXT-22", "identity[:255] fits the column, and filters with it.",
		func(a *app) {
			a.matches = func(identities []string, identity string) bool {
				return slices.ContainsFunc(identities, func(each string) bool {
					return each[:min(len(each), 255)] == identity[:min(len(identity), 255)]
				})
			}
		}},
	{"sscanf-integers", "PAGE-25", "fmt.Sscanf with %d reads the digits before anything else: `10abc` is 10.",
		func(a *app) {
			a.integer = func(text string) (int, error) {
				var number int
				_, err := fmt.Sscanf(text, "%d", &number)
				return number, err
			}
		}},
	{"ignores-the-error-of-atoi", "PAGE-26", "`page, _ := strconv.Atoi(...)`: what is no number is 0.",
		func(a *app) {
			a.integer = func(text string) (int, error) {
				number, _ := strconv.Atoi(text)
				return number, nil
			}
		}},
	{"floats-for-integers", "PAGE-25", "JSON's numbers are float64, so the query's go through ParseFloat too: 1.5 is 1.",
		func(a *app) {
			a.integer = func(text string) (int, error) {
				number, err := strconv.ParseFloat(text, 64)
				return int(number), err
			}
		}},
	{"wraps-to-32-bits", "PAGE-32", "The database's Page is an int32, and the conversion of an int64 wraps.",
		func(a *app) {
			a.integer = func(text string) (int, error) {
				number, err := strconv.ParseInt(text, 10, 64)
				return int(int32(number)), err
			}
		}},
	{"base-zero", "PAGE-25", "ParseInt with base 0 reads the PageSize `010` as eight.",
		func(a *app) {
			query := a.query
			a.query = func(r *http.Request) (url.Values, error) {
				values, err := query(r)
				for i, text := range values["PageSize"] {
					if number, err := strconv.ParseInt(text, 0, 64); err == nil {
						values["PageSize"][i] = strconv.FormatInt(number, 10)
					}
				}
				return values, err
			}
		}},
	{"page-adds-up-over-64-bits", "PAGE-32", "Page has no bound, and Page + 1 of the largest int is negative.",
		func(a *app) { a.largestPage, a.following = math.MaxInt, func(page int) int { return page + 1 } }},
	{"http-error", "ERROR-01", "http.Error writes the message alone, as text.",
		func(a *app) {
			a.fail = func(w http.ResponseWriter, r *http.Request, err error) {
				var told problem
				errors.As(err, &told)
				if told.status == http.StatusUnauthorized {
					w.Header().Set("WWW-Authenticate", "Basic")
				}
				http.Error(w, told.message, told.status)
			}
		}},
	{"http-error-with-json", "ERROR-02", "http.Error is given JSON, and sets the type text/plain over what was set.",
		func(a *app) {
			write := a.write
			a.write = func(w http.ResponseWriter, r *http.Request, status int, body any) {
				if status == http.StatusOK {
					write(w, r, status, body)
					return
				}
				text, _ := json.Marshal(body)
				http.Error(w, string(text), status)
			}
		}},
	{"not-found-of-the-mux", "ERROR-01", "Paths that the mux does not know get its own `404 page not found`.",
		func(a *app) {
			a.mux = func() http.Handler {
				mux := http.NewServeMux()
				mux.Handle("GET "+listPath, a.authenticated(a.listBindings))
				mux.Handle("GET "+bindingPath, a.authenticated(a.fetchBinding))
				mux.Handle("DELETE "+bindingPath, a.authenticated(a.deleteBinding))
				mux.HandleFunc("OPTIONS "+listPath, a.otherMethod("GET, HEAD"))
				mux.HandleFunc("OPTIONS "+bindingPath, a.otherMethod("GET, HEAD, DELETE"))
				return mux
			}
		}},
	{"status-after-the-body", "FETCH-02", "The encoder writes before WriteHeader is called, and the status is an implicit 200.",
		func(a *app) {
			a.write = func(w http.ResponseWriter, r *http.Request, status int, body any) {
				w.Header().Set("Content-Type", "application/json")
				json.NewEncoder(w).Encode(body)
				w.WriteHeader(status)
			}
		}},
	{"goes-on-after-an-error", "AUTH-14", "The 401 is written without a `return` after it, and the operation goes on.",
		func(a *app) {
			a.unauthorized = func(w http.ResponseWriter, r *http.Request, operation func(http.ResponseWriter, *http.Request) error) {
				a.fail(w, r, errUnauthorized)
				operation(&discarding{w}, r)
			}
		}},
	{"slices-the-header", "AUTH-04", "`header[6:]` of an Authorization that is not there panics: the connection ends without an answer.",
		func(a *app) {
			a.credential = func(r *http.Request) (string, string, bool) {
				text, _ := base64.StdEncoding.DecodeString(r.Header.Get("Authorization")[6:])
				return strings.Cut(string(text), ":")
			}
		}},
	{"splits-credentials", "AUTH-09", "strings.Split at colons, of which the first two parts count: a token with `:` behind it is right.",
		func(a *app) {
			a.credential = func(r *http.Request) (string, string, bool) {
				user, password, ok := r.BasicAuth()
				password, _, _ = strings.Cut(password, ":")
				return user, password, ok
			}
		}},
	{"scheme-in-its-case", "AUTH-15", "strings.HasPrefix(header, \"Basic \") takes no other case.",
		func(a *app) {
			a.credential = func(r *http.Request) (string, string, bool) {
				if !strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
					return "", "", false
				}
				return r.BasicAuth()
			}
		}},
	{"nil-slice", "LIST-11", "`var items []resource` of an empty list is null in JSON.",
		func(a *app) {
			a.encode = func(body any) ([]byte, error) {
				if found, ok := body.(list); ok && len(found.Bindings) == 0 {
					found.Bindings = nil
					body = found
				}
				return json.Marshal(body)
			}
		}},
	{"omits-empty", "BINDING-15", "message_types has the tag omitempty.",
		withJSON(func(binding map[string]any) {
			if len(binding["message_types"].([]any)) == 0 {
				delete(binding, "message_types")
			}
		})},
	{"local-time", "BINDING-06", "Times are the server's local ones: `2016-10-21T13:37:03+02:00`.",
		withJSON(func(binding map[string]any) {
			for _, name := range []string{"date_created", "date_updated"} {
				moment, _ := time.Parse(time.RFC3339, binding[name].(string))
				binding[name] = moment.In(time.FixedZone("", 7200)).Format(time.RFC3339)
			}
		})},
	{"times-of-a-layout", "BINDING-06", "The layout 2006-01-02T15:04:05 has no zone.",
		withJSON(func(binding map[string]any) {
			binding["date_created"] = strings.TrimSuffix(binding["date_created"].(string), "Z")
		})},
	{"floats-in-any", "PAGE-32", "Numbers that go through map[string]any are floats: a Page loses its last digits.",
		func(a *app) {
			a.largestPage, a.following = math.MaxInt-1, func(page int) int { return page + 1 }
			a.encode = func(body any) ([]byte, error) {
				text, _ := json.Marshal(body)
				var found any
				json.Unmarshal(text, &found)
				return json.Marshal(found)
			}
		}},
	{"query-escape-in-paths", "BINDING-18", "url.QueryEscape makes a segment of a path: a space is `+`.",
		func(a *app) { a.segment = url.QueryEscape }},
	{"host-of-the-url", "HTTP-12", "r.URL.Host is empty on a server, and so is the host of all URLs.",
		func(a *app) { a.origin = func(r *http.Request) string { return "http://" + r.URL.Host } }},
	{"host-of-anyone", "HTTP-13", "A middleware takes the host from X-Forwarded-Host, whoever sends it.",
		func(a *app) {
			a.origin = func(r *http.Request) string {
				if host := r.Header.Get("X-Forwarded-Host"); host != "" {
					return "http://" + host
				}
				return "http://" + r.Host
			}
		}},
	{"sprintf-page-urls", "LIST-05", "Page URLs are made by Sprintf, and identities stand in them as they are.",
		func(a *app) {
			a.encodeQuery = func(query url.Values) string {
				var pairs []string
				for name, values := range query {
					for _, value := range values {
						pairs = append(pairs, name+"="+value)
					}
				}
				return strings.Join(pairs, "&")
			}
		}},
	{"order-of-a-map", "PAGE-05", "The list ranges over a map, whose order is another one each time.",
		func(a *app) {
			a.order = func(found []binding) []binding {
				byID := map[string]binding{}
				for _, each := range found {
					byID[each.Sid] = each
				}
				return slices.Collect(maps.Values(byID))
			}
		}},
	{"address-of-the-variable", "LIST-08", "Before Go 1.22 `&each` of a loop is one variable: all items are the last one.",
		withItems(func(items []any) {
			for index := range items {
				items[index] = items[len(items)-1]
			}
		})},
	{"append-to-a-shared-slice", "RACE-02", "`append(pool[:0], ...)` reuses one array for all answers.",
		func(a *app) {
			var buffer bytes.Buffer
			a.encode = func(body any) ([]byte, error) {
				buffer.Reset()
				err := json.NewEncoder(&buffer).Encode(body)
				time.Sleep(time.Millisecond)
				return buffer.Bytes(), err
			}
		}},
	{"account-in-a-variable", "RACE-03", "The account of the request is a variable of the package.",
		func(a *app) {
			var current string
			var mutex sync.Mutex
			a.account = func(user, password string) (string, bool) {
				account, ok := a.store.account(user, password)
				mutex.Lock()
				current = account
				mutex.Unlock()
				time.Sleep(time.Millisecond)
				mutex.Lock()
				defer mutex.Unlock()
				return current, ok
			}
		}},
	{"head-in-a-middleware", "HTTP-20", "A middleware answers HEAD by itself, for probes: 200, whatever is asked for.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodHead {
				next.ServeHTTP(w, r)
			}
		})},
	{"method-override", "HTTP-15", "A method in X-HTTP-Method-Override or `_method` makes another one of a POST.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				if method := r.Header.Get("X-HTTP-Method-Override") + r.PostFormValue("_method"); method != "" {
					r.Method = method
				}
			}
			next.ServeHTTP(w, r)
		})},
	{"subtree-redirects", "HTTP-07", "The pattern ends in a slash, and the mux redirects the path without it, by a page of HTML.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/Bindings") && r.Method == http.MethodGet {
				http.Redirect(w, r, r.URL.Path+"/?"+r.URL.RawQuery, http.StatusMovedPermanently)
				return
			}
			r.URL.Path = strings.TrimSuffix(r.URL.Path, "/")
			next.ServeHTTP(w, r)
		})},
	{"packs-without-vary", "HTTP-18", "The gzip middleware does not set Vary.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) { pack(next, w, r) })},
	{"serves-content", "HTTP-16", "http.ServeContent has the time of the newest Binding: a list is not modified by a delete.",
		func(a *app) {
			write := a.write
			a.write = func(w http.ResponseWriter, r *http.Request, status int, body any) {
				if status != http.StatusOK {
					write(w, r, status, body)
					return
				}
				var newest time.Time
				if found, ok := body.(list); ok {
					for _, each := range found.Bindings {
						if each.DateUpdated.After(newest) {
							newest = each.DateUpdated
						}
					}
				}
				text, _ := json.Marshal(body)
				w.Header().Set("Content-Type", "application/json")
				http.ServeContent(w, r, "", newest, bytes.NewReader(text))
			}
		}},
	{"id-of-the-connection", "HTTP-02", "The request id is made with the connection's context.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Twilio-Request-Id", fmt.Sprintf("RQ%032x", []byte(r.RemoteAddr))[:34])
			next.ServeHTTP(w, r)
		})},
	{"preflight-is-authenticated", "HTTP-04", "The CORS handler stands inside of the one that authenticates.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodOptions {
				r = r.WithContext(context.WithoutCancel(r.Context()))
				r.Method = http.MethodGet
			}
			next.ServeHTTP(w, r)
		})},
	{"trims-sids", "FETCH-10", "The router's parameters go through strings.TrimSpace.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			r.URL.Path = strings.TrimSpace(r.URL.Path)
			r.URL.RawPath = ""
			next.ServeHTTP(w, r)
		})},
	{"caches-by-url", "AUTH-16", "A cache in front of the handler has the URL for its key, and not the credentials.",
		func(a *app) {
			known := sync.Map{}
			a.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if text, ok := known.Load(r.RequestURI); ok && r.Method == http.MethodGet {
						w.Header().Set("Content-Type", "application/json")
						w.Write(text.([]byte))
						return
					}
					kept := &keeping{ResponseWriter: w, status: http.StatusOK}
					next.ServeHTTP(kept, r)
					if kept.status == http.StatusOK && r.Method == http.MethodGet {
						known.Store(r.RequestURI, kept.body.Bytes())
					} else if r.Method == http.MethodDelete {
						known.Clear()
					}
				})
			}
		}},
	{"small-headers", "FILTER-18", "MaxHeaderBytes is 8 KB, and a longer URL is a 431.",
		func(a *app) { a.maxHeader = 4096 }},
	{"delete-of-a-collection", "ERROR-14", "The handler of the list takes any method: a DELETE on it is a 200.",
		wrapped(func(next http.Handler, w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/Bindings") {
				r.Method = http.MethodGet
			}
			next.ServeHTTP(w, r)
		})},
	{"shows-the-error", "ERROR-12", "err.Error() is the message, and names a file.",
		func(a *app) {
			fail := a.fail
			a.fail = func(w http.ResponseWriter, r *http.Request, err error) {
				var told problem
				if errors.As(err, &told) && told.status == http.StatusNotFound {
					told.message = "open /srv/bindings/" + r.PathValue("Sid") + ".json: no such file or directory"
					err = told
				}
				fail(w, r, err)
			}
		}},
}

func each(query url.Values, change func(string) string) {
	for _, values := range query {
		for index := range values {
			values[index] = change(values[index])
		}
	}
}

func withQuery(change func(url.Values)) func(*app) {
	return func(a *app) {
		a.query = func(r *http.Request) (url.Values, error) {
			query, err := strictQuery(r)
			if err == nil && !strings.Contains(r.URL.Path, "/Bindings/") {
				change(query)
			}
			return query, err
		}
	}
}

// withJSON changes the bindings of answers before they are written.
func withJSON(change func(map[string]any)) func(*app) {
	return withItems(func(items []any) {
		for _, each := range items {
			change(each.(map[string]any))
		}
	})
}

func withItems(change func([]any)) func(*app) {
	return func(a *app) {
		a.encode = func(body any) ([]byte, error) {
			text, err := json.Marshal(body)
			var found map[string]any
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.UseNumber()
			if decoder.Decode(&found) != nil {
				return text, err
			}
			if items, ok := found["bindings"].([]any); ok {
				change(items)
			} else if _, ok := found["sid"]; ok {
				change([]any{found})
			}
			return json.Marshal(found)
		}
	}
}

func wrapped(serve func(http.Handler, http.ResponseWriter, *http.Request)) func(*app) {
	return func(a *app) {
		a.around = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(next, w, r) })
		}
	}
}

// keeping writes an answer, and keeps it.
type keeping struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (k *keeping) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeping) Write(text []byte) (int, error) {
	k.body.Write(text)
	return k.ResponseWriter.Write(text)
}

// discarding is what is left of a ResponseWriter to which an error was written.
type discarding struct{ http.ResponseWriter }

func (*discarding) Header() http.Header            { return http.Header{} }
func (*discarding) WriteHeader(int)                {}
func (*discarding) Write(text []byte) (int, error) { return len(text), nil }

type packing struct {
	http.ResponseWriter
	packer *gzip.Writer
}

func (p *packing) WriteHeader(status int) {
	if status != http.StatusNoContent {
		p.Header().Set("Content-Encoding", "gzip")
	}
	p.Header().Del("Content-Length")
	p.ResponseWriter.WriteHeader(status)
}

func (p *packing) Write(text []byte) (int, error) { return p.packer.Write(text) }

func pack(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || !strings.HasPrefix(r.Header.Get("Accept-Encoding"), "gzip, deflate") {
		next.ServeHTTP(w, r)
		return
	}
	packer := gzip.NewWriter(w)
	next.ServeHTTP(&packing{w, packer}, r)
	packer.Close()
}
