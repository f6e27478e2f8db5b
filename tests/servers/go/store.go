package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A binding as it is kept; the URLs of its resource depend on the request.
type binding struct {
	Sid           string    `json:"sid"`
	AccountSid    string    `json:"account_sid"`
	ServiceSid    string    `json:"service_sid"`
	DateCreated   time.Time `json:"date_created"`
	DateUpdated   time.Time `json:"date_updated"`
	Endpoint      string    `json:"endpoint"`
	Identity      string    `json:"identity"`
	BindingType   string    `json:"binding_type"`
	CredentialSid string    `json:"credential_sid"`
	MessageTypes  []string  `json:"message_types"`
}

type login struct {
	account string
	secret  [sha256.Size]byte
}

type service struct {
	account  string
	bindings []binding // in the order of their SIDs
}

type store struct {
	mutex    sync.RWMutex
	logins   map[string]login
	services map[string]*service
}

// load reads a world document.
func load(name string) (*store, error) {
	var world struct {
		Accounts []struct {
			Sid       string `json:"sid"`
			AuthToken string `json:"auth_token"`
			Keys      []struct {
				Sid    string `json:"sid"`
				Secret string `json:"secret"`
			} `json:"keys"`
			Services []struct {
				Sid      string    `json:"sid"`
				Bindings []binding `json:"bindings"`
			} `json:"services"`
		} `json:"accounts"`
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &world); err != nil {
		return nil, err
	}
	s := &store{logins: map[string]login{}, services: map[string]*service{}}
	for _, account := range world.Accounts {
		s.logins[account.Sid] = login{account.Sid, sha256.Sum256([]byte(account.AuthToken))}
		for _, key := range account.Keys {
			s.logins[key.Sid] = login{account.Sid, sha256.Sum256([]byte(key.Secret))}
		}
		for _, each := range account.Services {
			for index := range each.Bindings {
				each.Bindings[index].AccountSid, each.Bindings[index].ServiceSid = account.Sid, each.Sid
			}
			slices.SortFunc(each.Bindings, func(a, b binding) int { return strings.Compare(a.Sid, b.Sid) })
			s.services[each.Sid] = &service{account.Sid, each.Bindings}
		}
	}
	return s, nil
}

// account is the owner of some credentials; false when they are wrong.
func (s *store) account(user, password string) (string, bool) {
	known, ok := s.logins[user]
	given := sha256.Sum256([]byte(password))
	return known.account, subtle.ConstantTimeCompare(known.secret[:], given[:]) == 1 && ok
}

func (s *store) owns(account, serviceSid string) bool {
	found, ok := s.services[serviceSid]
	return ok && found.account == account
}

func (s *store) fetch(serviceSid, sid string) (binding, bool) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	index, ok := s.find(serviceSid, sid)
	if !ok {
		return binding{}, false
	}
	return s.services[serviceSid].bindings[index], true
}

func (s *store) delete(serviceSid, sid string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	index, ok := s.find(serviceSid, sid)
	if ok {
		found := s.services[serviceSid]
		found.bindings = slices.Delete(found.bindings, index, index+1)
	}
	return ok
}

func (s *store) find(serviceSid, sid string) (int, bool) {
	return slices.BinarySearchFunc(s.services[serviceSid].bindings, sid, func(each binding, wanted string) int {
		return strings.Compare(each.Sid, wanted)
	})
}

// list gives the bindings that match, in order.
func (s *store) list(serviceSid string, matches func(binding) bool) []binding {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	found := []binding{}
	for _, each := range s.services[serviceSid].bindings {
		if matches(each) {
			found = append(found, each)
		}
	}
	return found
}
