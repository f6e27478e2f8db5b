package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	defaultPageSize = 50
	largestPageSize = 1000
	largestPage     = 2147483646
	mostValues      = 100

	listPath    = "/v2/Services/{ServiceSid}/Bindings"
	bindingPath = listPath + "/{Sid}"
)

// app is the contract over a store. A defect replaces its functions.
type app struct {
	*store
	key          []byte
	maxHeader    int
	largestPage  int
	account      func(user, password string) (string, bool)
	unauthorized func(http.ResponseWriter, *http.Request, func(http.ResponseWriter, *http.Request) error)
	following    func(int) int
	order        func([]binding) []binding
	encodeQuery  func(url.Values) string
	credential   func(*http.Request) (user, password string, ok bool)
	query        func(*http.Request) (url.Values, error)
	integer      func(string) (int, error)
	matches      func(identities []string, identity string) bool
	origin       func(*http.Request) string
	segment      func(string) string
	encode       func(any) ([]byte, error)
	write        func(w http.ResponseWriter, r *http.Request, status int, body any)
	fail         func(http.ResponseWriter, *http.Request, error)
	mux          func() http.Handler
	around       func(http.Handler) http.Handler
}

func newApp(s *store) *app {
	a := &app{store: s, key: random(32), query: strictQuery, integer: strconv.Atoi, segment: url.PathEscape}
	a.credential = (*http.Request).BasicAuth
	a.account, a.encode, a.write, a.fail = s.account, json.Marshal, a.writeJSON, a.writeError
	a.unauthorized = func(w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter, *http.Request) error) {
		a.fail(w, r, errUnauthorized)
	}
	a.following = func(page int) int { return min(page, largestPage-1) + 1 }
	a.largestPage, a.encodeQuery = largestPage, url.Values.Encode
	a.order = func(found []binding) []binding { return found }
	a.matches = func(identities []string, identity string) bool { return slices.Contains(identities, identity) }
	a.origin = func(r *http.Request) string { return "http://" + r.Host }
	a.mux, a.around = a.routes, func(next http.Handler) http.Handler { return next }
	return a
}

// problem is an error of the contract.
type problem struct {
	status, code int
	message      string
}

func (p problem) Error() string { return p.message }

func bad(format string, values ...any) error {
	return problem{400, 20001, fmt.Sprintf(format, values...)}
}

var (
	errNotFound     = problem{404, 20404, "The requested resource was not found."}
	errUnauthorized = problem{401, 20003, "Authenticate with an account or an API key."}
	errNotAllowed   = problem{405, 20004, "The resource does not have this method."}
	errTooLarge     = problem{400, 20007, "PageSize must be at most 1000."}
)

func (a *app) handler() http.Handler { return a.common(a.around(a.mux())) }

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+listPath, a.authenticated(a.listBindings))
	mux.Handle("GET "+bindingPath, a.authenticated(a.fetchBinding))
	mux.Handle("DELETE "+bindingPath, a.authenticated(a.deleteBinding))
	mux.HandleFunc(listPath, a.otherMethod("GET, HEAD"))
	mux.HandleFunc(bindingPath, a.otherMethod("GET, HEAD, DELETE"))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, errNotFound) })
	return mux
}

// common is what every answer has.
func (a *app) common(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Twilio-Request-Id", "RQ"+hex.EncodeToString(random(16)))
		w.Header().Set("Cache-Control", "no-store")
		if r.Header.Get("Origin") != "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		next.ServeHTTP(w, r)
	})
}

// authenticated runs an operation for an account that owns the service of the path.
func (a *app) authenticated(operation func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := a.credential(r)
		account, ok := a.account(user, password)
		if !ok {
			a.unauthorized(w, r, operation)
			return
		}
		err := error(errNotFound)
		if a.owns(account, r.PathValue("ServiceSid")) {
			err = operation(w, r)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

func (a *app) otherMethod(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", allowed)
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Allow", allowed)
		a.fail(w, r, errNotAllowed)
	}
}

func (a *app) listBindings(w http.ResponseWriter, r *http.Request) error {
	query, err := a.query(r)
	if err != nil {
		return err
	}
	wanted, err := a.parameters(query)
	if err != nil {
		return err
	}
	return a.writePage(w, r, r.PathValue("ServiceSid"), wanted)
}

func (a *app) fetchBinding(w http.ResponseWriter, r *http.Request) error {
	if err := a.noParameters(r); err != nil {
		return err
	}
	found, ok := a.fetch(r.PathValue("ServiceSid"), r.PathValue("Sid"))
	if !ok {
		return errNotFound
	}
	a.write(w, r, http.StatusOK, a.resource(r, found))
	return nil
}

func (a *app) deleteBinding(w http.ResponseWriter, r *http.Request) error {
	if err := a.noParameters(r); err != nil {
		return err
	}
	if !a.delete(r.PathValue("ServiceSid"), r.PathValue("Sid")) {
		return errNotFound
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// strictQuery is a query without what ParseQuery cannot read: that would be dropped.
func strictQuery(r *http.Request) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("The query cannot be read: %v.", err)
	}
	for name, values := range query {
		for _, value := range values {
			if !utf8.ValidString(name + value) {
				return nil, bad("The query must be UTF-8.")
			}
		}
	}
	return query, nil
}

func (a *app) noParameters(r *http.Request) error {
	query, err := a.query(r)
	if err == nil && len(query) > 0 {
		err = bad("This operation takes no query parameters.")
	}
	return err
}

type parameters struct {
	Types, Identities []string
	PageSize, Page    int
	Token             string
	HasToken          bool
}

func (a *app) parameters(query url.Values) (parameters, error) {
	wanted := parameters{PageSize: defaultPageSize}
	for name, values := range query {
		var err error
		last := values[len(values)-1]
		switch name {
		case "BindingType":
			wanted.Types = values
			if len(values) > mostValues || slices.ContainsFunc(values, func(each string) bool {
				return !slices.Contains([]string{"apn", "gcm", "fcm"}, each)
			}) {
				return wanted, bad("BindingType must be at most %d of apn, gcm, fcm.", mostValues)
			}
		case "Identity":
			wanted.Identities = values
			if len(values) > mostValues || slices.ContainsFunc(values, func(each string) bool {
				return each == "" || strings.ContainsRune(each, 0)
			}) {
				return wanted, bad("Identity must be at most %d values, none of them empty.", mostValues)
			}
		case "PageSize":
			wanted.PageSize, err = a.integer(last)
			if wanted.PageSize > largestPageSize {
				return wanted, errTooLarge
			}
			if err != nil || wanted.PageSize < 1 {
				return wanted, bad("PageSize must be an integer of 1 to 1000.")
			}
		case "Page":
			wanted.Page, err = a.integer(last)
			if err != nil || wanted.Page < 0 || wanted.Page > a.largestPage {
				return wanted, bad("Page must be an integer of 0 to %d.", a.largestPage)
			}
		case "PageToken":
			wanted.Token, wanted.HasToken = last, true
		default:
			return wanted, bad("%s is not a query parameter of this operation.", name)
		}
	}
	return wanted, nil
}

func (a *app) writePage(w http.ResponseWriter, r *http.Request, serviceSid string, wanted parameters) error {
	found := a.order(a.list(serviceSid, func(each binding) bool {
		return (wanted.Types == nil || slices.Contains(wanted.Types, each.BindingType)) &&
			(wanted.Identities == nil || a.matches(wanted.Identities, each.Identity))
	}))
	start, err := a.start(found, serviceSid, wanted)
	if err != nil {
		return err
	}
	end := min(start+wanted.PageSize, len(found))
	items := []resource{}
	for _, each := range found[start:end] {
		items = append(items, a.resource(r, each))
	}
	var next, previous *string
	if end < len(found) {
		next = a.pageURL(r, serviceSid, wanted, a.following(wanted.Page), a.token(serviceSid, "PA", found[end-1].Sid))
	}
	if start > 0 && len(items) > 0 {
		previous = a.pageURL(r, serviceSid, wanted, max(wanted.Page-1, 0), a.token(serviceSid, "PB", found[start].Sid))
	}
	a.write(w, r, http.StatusOK, list{meta{
		wanted.Page, wanted.PageSize, a.pageURL(r, serviceSid, wanted, 0, ""), previous,
		a.pageURL(r, serviceSid, wanted, wanted.Page, wanted.Token), next, "bindings",
	}, items})
	return nil
}

// start is where a page begins.
func (a *app) start(found []binding, serviceSid string, wanted parameters) (int, error) {
	if !wanted.HasToken {
		return 0, nil
	}
	kind, sid := "", ""
	if len(wanted.Token) > 36 {
		kind, sid = wanted.Token[:2], wanted.Token[2:36]
	}
	if !hmac.Equal([]byte(a.token(serviceSid, kind, sid)), []byte(wanted.Token)) {
		return 0, bad("PageToken must be taken from a page URL.")
	}
	if kind == "PA" {
		return position(found, sid+"~"), nil
	}
	return max(position(found, sid)-wanted.PageSize, 0), nil
}

// position counts the bindings before a SID.
func position(found []binding, sid string) int {
	return sort.Search(len(found), func(index int) bool { return found[index].Sid >= sid })
}

// token is "PA" or "PB", the SID after or before which a page stands, and a signature.
func (a *app) token(serviceSid, kind, sid string) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(serviceSid + kind + sid))
	return kind + sid + hex.EncodeToString(mac.Sum(nil)[:16])
}

func (a *app) pageURL(r *http.Request, serviceSid string, wanted parameters, page int, token string) *string {
	query := url.Values{"PageSize": {strconv.Itoa(wanted.PageSize)}, "Page": {strconv.Itoa(page)}}
	if wanted.Types != nil {
		query["BindingType"] = wanted.Types
	}
	if wanted.Identities != nil {
		query["Identity"] = wanted.Identities
	}
	if token != "" {
		query.Set("PageToken", token)
	}
	found := fmt.Sprintf("%s/v2/Services/%s/Bindings?%s", a.origin(r), serviceSid, a.encodeQuery(query))
	return &found
}

type resource struct {
	binding
	URL   string            `json:"url"`
	Links map[string]string `json:"links"`
}

type meta struct {
	Page            int     `json:"page"`
	PageSize        int     `json:"page_size"`
	FirstPageURL    *string `json:"first_page_url"`
	PreviousPageURL *string `json:"previous_page_url"`
	URL             *string `json:"url"`
	NextPageURL     *string `json:"next_page_url"`
	Key             string  `json:"key"`
}

type list struct {
	Meta     meta       `json:"meta"`
	Bindings []resource `json:"bindings"`
}

func (a *app) resource(r *http.Request, each binding) resource {
	service := a.origin(r) + "/v2/Services/" + each.ServiceSid
	links := map[string]string{"user": service + "/Users/" + a.segment(each.Identity)}
	return resource{each, service + "/Bindings/" + each.Sid, links}
}

func (a *app) writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	text, err := a.encode(body)
	if err != nil {
		status, text = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	w.Write(text)
}

func (a *app) writeError(w http.ResponseWriter, r *http.Request, err error) {
	told := problem{500, 20500, "The server failed."}
	errors.As(err, &told)
	if told.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Chat"`)
	}
	a.write(w, r, told.status, map[string]any{
		"code": told.code, "message": told.message, "status": told.status,
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", told.code),
	})
}

func random(size int) []byte {
	bytes := make([]byte, size)
	rand.Read(bytes)
	return bytes
}
