#include "actors/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>

#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/release.hpp"

namespace lorafleet::actors::net {

namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Release<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Release<BIO_free>>;

/// The latest of OpenSSL's complaints, in words.
std::string last_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

std::string subject_of(X509* certificate) {
  const BioPtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* begin = nullptr;
  const long length = BIO_get_mem_data(text.get(), &begin);
  return {begin, static_cast<std::size_t>(length)};
}

std::string common_name_of(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const int place = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (place < 0) return {};
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

void require_file(const std::filesystem::path& path, const char* option) {
  if (path.empty()) {
    throw InputError(option, "is missing; allowed: a PEM file (cert, key and ca go together)");
  }
  read_file(path);  // says why, where it cannot
}

/// That peers with the same authority will believe this side.
void check_own_certificate(SSL_CTX* context, const std::filesystem::path& file, Side side) {
  const StoreContextPtr check(X509_STORE_CTX_new());
  X509* own = SSL_CTX_get0_certificate(context);
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context), own, chain);
  X509_STORE_CTX_set_purpose(
      check.get(), side == Side::listening ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  if (X509_verify_cert(check.get()) == 1) return;
  const int why = X509_STORE_CTX_get_error(check.get());
  ERR_clear_error();
  throw InputError(file.string(),
                   std::string("peers with this ca would refuse it: ") +
                       X509_verify_cert_error_string(why) +
                       "; allowed: a certificate that the ca signed, within its dates, for " +
                       (side == Side::listening ? "a server" : "a client"));
}

}  // namespace

struct TlsContext::Impl {
  ContextPtr context;
  std::vector<std::string> allow;
};

TlsContext::TlsContext(const TlsFiles& files, Side side) : impl_(std::make_unique<Impl>()) {
  require_file(files.cert, "tls.cert");
  require_file(files.key, "tls.key");
  require_file(files.ca, "tls.ca");
  impl_->allow = files.allow;
  impl_->context.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX* context = impl_->context.get();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  // Tickets would let a peer come back without showing its certificate.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // A key with a passphrase is refused instead of asked for on the terminal.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_load_verify_locations(context, files.ca.c_str(), nullptr) != 1) {
    throw InputError(files.ca.string(), "holds no certificate in PEM form: " + last_error());
  }
  if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1) {
    throw InputError(files.cert.string(), "holds no certificate in PEM form: " + last_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string why = last_error();
    throw InputError(files.key.string(), "is not the private key of " + files.cert.string() + ": " +
                                             why +
                                             "; allowed: its key in PEM form, without passphrase");
  }
  check_own_certificate(context, files.cert, side);
}

TlsContext::~TlsContext() = default;

struct TlsChannel::Impl {
  SslPtr ssl;
  BIO* in = nullptr;   // owned by ssl
  BIO* out = nullptr;  // owned by ssl
};

TlsChannel::TlsChannel(std::shared_ptr<const TlsContext> context, Side side)
    : context_(std::move(context)), impl_(std::make_unique<Impl>()) {
  impl_->ssl.reset(SSL_new(context_->impl_->context.get()));
  impl_->in = BIO_new(BIO_s_mem());
  impl_->out = BIO_new(BIO_s_mem());
  if (!impl_->ssl || impl_->in == nullptr || impl_->out == nullptr) throw std::bad_alloc();
  SSL_set_bio(impl_->ssl.get(), impl_->in, impl_->out);
  if (side == Side::listening) {
    SSL_set_accept_state(impl_->ssl.get());
  } else {
    SSL_set_connect_state(impl_->ssl.get());
    shake_hands();
  }
}

TlsChannel::~TlsChannel() = default;

Bytes TlsChannel::receive(BytesView from_wire) {
  if (closed_ && !from_wire.empty()) throw ProtocolError("TLS: bytes after the end");
  BIO_write(impl_->in, from_wire.data(), static_cast<int>(from_wire.size()));
  if (!established_) shake_hands();
  Bytes plain;
  if (!established_) return plain;
  ERR_clear_error();
  constexpr std::size_t kStep = 16384;
  for (;;) {
    const std::size_t before = plain.size();
    plain.resize(before + kStep);
    std::size_t got = 0;
    const int result = SSL_read_ex(impl_->ssl.get(), plain.data() + before, kStep, &got);
    plain.resize(before + got);
    if (result == 1) continue;
    switch (SSL_get_error(impl_->ssl.get(), result)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return plain;
      case SSL_ERROR_ZERO_RETURN:
        closed_ = true;
        return plain;
      default:
        throw ProtocolError("TLS: " + last_error());
    }
  }
}

void TlsChannel::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(impl_->ssl.get());
  if (result != 1) {
    const int why = SSL_get_error(impl_->ssl.get(), result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
    const long verdict = SSL_get_verify_result(impl_->ssl.get());
    std::string reason = last_error();
    if (verdict != X509_V_OK) reason += std::string(": ") + X509_verify_cert_error_string(verdict);
    throw ProtocolError("TLS: " + reason);
  }
  established_ = true;
  encrypt(early_);
  early_ = {};
  learn_peer();
}

void TlsChannel::learn_peer() {
  const X509Ptr certificate(SSL_get1_peer_certificate(impl_->ssl.get()));
  if (!certificate) throw ProtocolError("TLS: no certificate");
  peer_ = subject_of(certificate.get());
  const auto& allow = context_->impl_->allow;
  if (allow.empty()) return;
  const bool listed =
      std::find(allow.begin(), allow.end(), peer_) != allow.end() ||
      std::find(allow.begin(), allow.end(), common_name_of(certificate.get())) != allow.end();
  if (!listed) throw ProtocolError("TLS: the certificate of " + peer_ + " is not on the list");
}

void TlsChannel::send(BytesView plain) {
  if (established_) {
    encrypt(plain);
  } else {
    early_.insert(early_.end(), plain.begin(), plain.end());
  }
}

void TlsChannel::encrypt(BytesView plain) {
  ERR_clear_error();
  std::size_t written = 0;
  if (!plain.empty() && SSL_write_ex(impl_->ssl.get(), plain.data(), plain.size(), &written) != 1) {
    throw ProtocolError("TLS: " + last_error());
  }
}

Bytes TlsChannel::take_output() {
  char* begin = nullptr;
  const long length = BIO_get_mem_data(impl_->out, &begin);
  Bytes bytes(begin, begin + length);
  BIO_reset(impl_->out);
  return bytes;
}

}  // namespace lorafleet::actors::net
