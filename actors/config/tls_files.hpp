#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lorafleet::actors::net {

/// Mutual TLS: both sides show a certificate of one authority. Empty paths: none.
struct TlsFiles {
  std::filesystem::path cert;      ///< PEM, the chain of this side
  std::filesystem::path key;       ///< PEM, without a passphrase
  std::filesystem::path ca;        ///< PEM, whose certificates are believed
  std::vector<std::string> allow;  ///< common names or whole subjects of peers; empty: any

  [[nodiscard]] bool any() const { return !cert.empty() || !key.empty() || !ca.empty(); }
};

}  // namespace lorafleet::actors::net
