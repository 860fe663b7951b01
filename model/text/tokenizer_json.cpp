#include "model/text/tokenizer_json.hpp"

#include <limits>

#include "model/files/json.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"

namespace lorafleet::model {

using nlohmann::json;

namespace {

/// One tokenizer.json. Settings that would change the ids and are not implemented are refused.
class TokenizerJson {
 public:
  explicit TokenizerJson(const std::filesystem::path& file)
      : file_(file.string()), root_(parse_json(read_file(file), file_)) {
    if (!root_.is_object()) refuse("", "an object was expected");
  }

  TokenizerSpec read() const {
    if (!get(root_, "normalizer").is_null()) refuse("normalizer", "none is supported");
    check_pre_tokenizer(get(root_, "pre_tokenizer"));
    const json& model = get(root_, "model");
    check_model(model);
    check_decoder(get(root_, "decoder"));
    VocabularyBuilder builder(get(model, "vocab"), place("model.vocab"));
    read_merges(get(model, "merges"), builder);
    read_added_tokens(get(root_, "added_tokens"), builder);
    TokenizerSpec spec = std::move(builder).build(place("model.vocab"));
    read_post_processor(get(root_, "post_processor"), spec);
    return spec;
  }

 private:
  std::string place(const std::string& key) const {
    return key.empty() ? file_ : file_ + ": " + key;
  }

  [[noreturn]] void refuse(const std::string& key, const std::string& reason) const {
    throw InputError(place(key), reason);
  }

  /// null where the key is absent or `object` is none.
  static const json& get(const json& object, const char* key) {
    static const json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(key);
    return found == object.end() ? kNull : *found;
  }

  void check_pre_tokenizer(const json& value) const {
    if (get(value, "type") != "ByteLevel" || get(value, "use_regex") == false) {
      refuse("pre_tokenizer", "only ByteLevel with its own pattern is supported");
    }
    if (get(value, "add_prefix_space") != false) {
      refuse("pre_tokenizer", "add_prefix_space must be false");
    }
  }

  void check_model(const json& model) const {
    // Files of before 2021, GPT-2's own among them, name no type: merges make it BPE.
    const json& type = get(model, "type");
    const bool untyped_bpe =
        type.is_null() && get(model, "vocab").is_object() && get(model, "merges").is_array();
    if (!untyped_bpe && type != "BPE") {
      refuse("model", "type " + type.dump() + " is not supported; allowed: \"BPE\"" +
                          (type.is_null() ? ", or none with vocab and merges" : ""));
    }
    const auto is_off = [](const json& value) {
      return value.is_null() || value == false || value == 0 || value == "";
    };
    for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix",
                            "byte_fallback", "ignore_merges"}) {
      if (!is_off(get(model, key))) {
        refuse("model", std::string(key) + " = " + get(model, key).dump() + " is not supported");
      }
    }
  }

  /// Without a decoder, tokens are bytes all the same.
  void check_decoder(const json& decoder) const {
    if (decoder.is_null() || get(decoder, "type") == "ByteLevel") return;
    const json& parts = get(decoder, "decoders");
    if (get(decoder, "type") == "Sequence" && parts.is_array()) {
      for (const json& part : parts)
        check_decoder(part);
      return;
    }
    refuse("decoder",
           "type " + get(decoder, "type").dump() + " is not supported; allowed: \"ByteLevel\"");
  }

  void read_merges(const json& merges, VocabularyBuilder& builder) const {
    if (!merges.is_array()) {
      refuse("model.merges", "an array was expected, not " + std::string(kind_of(merges)));
    }
    for (std::size_t i = 0; i < merges.size(); ++i) {
      const json& merge = merges[i];
      const std::string where = place("model.merges[" + std::to_string(i) + "]");
      if (merge.is_string()) {
        builder.add_merge(merge.get_ref<const std::string&>(), where);
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                 merge[1].is_string()) {
        builder.add_merge(merge[0].get_ref<const std::string&>(),
                          merge[1].get_ref<const std::string&>(), where);
      } else {
        throw InputError(where,
                         "must be \"left right\" or [\"left\", \"right\"], not " + merge.dump());
      }
    }
  }

  void read_added_tokens(const json& tokens, VocabularyBuilder& builder) const {
    if (tokens.is_null()) return;
    if (!tokens.is_array()) {
      refuse("added_tokens", "an array was expected, not " + std::string(kind_of(tokens)));
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const json& token = tokens[i];
      const std::string where = place("added_tokens[" + std::to_string(i) + "]");
      if (!get(token, "content").is_string()) throw InputError(where, "content must be a string");
      for (const char* key : {"single_word", "lstrip", "rstrip"}) {
        if (get(token, key) == true) {
          throw InputError(where, std::string(key) + " = true is not supported");
        }
      }
      builder.add_token({get(token, "content").get<std::string>(), id(get(token, "id"), where),
                         get(token, "special") == true},
                        where);
    }
  }

  void read_post_processor(const json& processor, TokenizerSpec& spec) const {
    const json& type = get(processor, "type");
    if (processor.is_null() || type == "ByteLevel") return;
    if (type == "Sequence" && get(processor, "processors").is_array()) {
      for (const json& part : get(processor, "processors")) {
        read_post_processor(part, spec);
      }
      return;
    }
    if (type != "TemplateProcessing") {
      refuse("post_processor", "type " + type.dump() +
                                   " is not supported; allowed: ByteLevel, TemplateProcessing, "
                                   "Sequence of these");
    }
    read_template(processor, spec);
  }

  void read_template(const json& processor, TokenizerSpec& spec) const {
    const json& pieces = get(processor, "single");
    if (!pieces.is_array()) refuse("post_processor", "single must be an array");
    bool behind = false;
    for (const json& piece : pieces) {
      if (get(piece, "Sequence").is_object() && !behind) {
        behind = true;
        continue;
      }
      const json& name = get(get(piece, "SpecialToken"), "id");
      if (!name.is_string()) {
        refuse("post_processor",
               "single must hold special tokens and one sequence, not " + piece.dump());
      }
      const auto& token = name.get_ref<const std::string&>();
      const json& ids = get(get(get(processor, "special_tokens"), token.c_str()), "ids");
      if (!ids.is_array()) refuse("post_processor", "the ids of \"" + token + "\" are missing");
      for (const json& value : ids) {
        const std::int32_t number = id(value, place("post_processor"));
        if (!spec.tokens.contains(number)) {
          refuse("post_processor", "there is no token with the id " + value.dump());
        }
        (behind ? spec.suffix : spec.prefix).push_back(number);
      }
    }
    if (!behind) refuse("post_processor", "single has no sequence");
  }

  std::int32_t id(const json& value, const std::string& where) const {
    if (!is_unsigned_up_to(value, std::numeric_limits<std::int32_t>::max())) {
      throw InputError(where, "an id must be an integer from 0 to 2147483647, not " + value.dump());
    }
    return value.get<std::int32_t>();
  }

  std::string file_;
  json root_;
};

}  // namespace

TokenizerSpec read_tokenizer_json(const std::filesystem::path& file) {
  return TokenizerJson(file).read();
}

}  // namespace lorafleet::model
