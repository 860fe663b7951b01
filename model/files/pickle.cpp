#include "model/files/pickle.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "partition/support/error.hpp"

namespace lorafleet::model {
namespace {

/// Values live in one list and name each other by index, so that no depth of nesting recurses.
using Id = std::uint32_t;

struct None {};
struct Mark {};
enum class Global { ordered_dict, rebuild_tensor, rebuild_parameter, storage, other_type };
struct GlobalRef {
  Global kind;
  DType dtype = DType::float32;  ///< of a storage class
};
struct Sequence {
  std::vector<Id> items;
  bool is_tuple = false;
};
struct Dict {
  std::vector<std::pair<Id, Id>> items;
};
struct Storage {
  std::string key;
  DType dtype = DType::float32;
  std::uint64_t size = 0;
};
using Tensor = std::unique_ptr<PickledTensor>;
/// Something that can be written in a pickle but means nothing here.
struct Opaque {};

/// A state_dict has some 20 values a tensor; the largest models have some thousand tensors.
constexpr std::size_t kMostValues = 200'000;
constexpr std::size_t kMostDimensions = 8;
constexpr std::size_t kLongestStorageKey = 64;

using Value = std::variant<None, Mark, Opaque, bool, std::int64_t, double, std::string, GlobalRef,
                           Sequence, Dict, Storage, Tensor>;

struct StorageClass {
  std::string_view name;
  DType dtype;
};
constexpr StorageClass kStorages[] = {
    {"FloatStorage", DType::float32},     {"HalfStorage", DType::float16},
    {"BFloat16Storage", DType::bfloat16}, {"DoubleStorage", DType::float64},
    {"LongStorage", DType::int64},        {"IntStorage", DType::int32},
    {"ShortStorage", DType::int16},       {"CharStorage", DType::int8},
    {"ByteStorage", DType::uint8},        {"BoolStorage", DType::boolean}};

std::optional<GlobalRef> known_global(const std::string& module, const std::string& name) {
  if (module == "collections" && name == "OrderedDict") return GlobalRef{Global::ordered_dict};
  if (module == "torch._utils") {
    if (name == "_rebuild_tensor_v2") return GlobalRef{Global::rebuild_tensor};
    if (name == "_rebuild_parameter") return GlobalRef{Global::rebuild_parameter};
  }
  if (module != "torch") return std::nullopt;
  for (const auto& storage : kStorages) {
    if (storage.name == name) return GlobalRef{Global::storage, storage.dtype};
  }
  for (const std::string_view dtype : {"float32", "float16", "bfloat16", "float64", "Size"}) {
    if (dtype == name) return GlobalRef{Global::other_type};
  }
  return std::nullopt;
}

class Unpickler {
 public:
  Unpickler(std::span<const std::byte> bytes, const std::string& name)
      : bytes_(bytes), name_(name) {}

  std::map<std::string, PickledTensor> run() {
    while (!step()) {
    }
    const auto* dict = std::get_if<Dict>(&values_[pop()]);
    if (dict == nullptr) refuse("a dictionary of tensors (a state_dict) was expected");
    std::map<std::string, PickledTensor> tensors;
    for (const auto& [key, value] : dict->items) {
      const auto* text = std::get_if<std::string>(&values_[key]);
      if (text == nullptr) refuse("a key of the state_dict is not a string");
      const auto* tensor = std::get_if<Tensor>(&values_[value]);
      if (tensor == nullptr) {
        refuse("\"" + *text + "\" is not a tensor; a plain state_dict was expected");
      }
      if (!tensors.emplace(*text, **tensor).second) refuse("\"" + *text + "\" occurs twice");
    }
    return tensors;
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw InputError(name_, "byte " + std::to_string(at_) + " of the pickle: " + reason);
  }

  std::span<const std::byte> take(std::uint64_t size) {
    if (size > bytes_.size() - at_) refuse("the pickle ends in the middle");
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string text(std::uint64_t size) {
    const auto part = take(size);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  std::string line() {
    const auto rest = bytes_.subspan(at_);
    const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    if (end == rest.end()) refuse("a line without its end");
    std::string result = text(static_cast<std::uint64_t>(end - rest.begin()));
    ++at_;
    return result;
  }

  void push(Value value) {
    values_.push_back(std::move(value));
    push_again(static_cast<Id>(values_.size() - 1));
  }

  void push_again(Id id) {
    if (values_.size() > kMostValues || stack_.size() >= kMostValues) refuse("too many values");
    stack_.push_back(id);
  }

  Id pop() {
    if (stack_.empty() || std::holds_alternative<Mark>(values_[stack_.back()])) {
      refuse("a value is missing on the stack");
    }
    const Id id = stack_.back();
    stack_.pop_back();
    return id;
  }

  void duplicate() {
    const Id id = pop();
    push_again(id);
    push_again(id);
  }

  template <typename T>
  T& top(const char* what) {
    if (stack_.empty()) refuse(std::string(what) + " is missing on the stack");
    T* value = std::get_if<T>(&values_[stack_.back()]);
    if (value == nullptr) refuse(std::string(what) + " was expected");
    return *value;
  }

  /// The values above the last mark, which goes.
  std::vector<Id> pop_to_mark() {
    std::size_t begin = stack_.size();
    while (begin > 0 && !std::holds_alternative<Mark>(values_[stack_[begin - 1]]))
      --begin;
    if (begin == 0) refuse("a mark is missing on the stack");
    std::vector<Id> items(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
    stack_.resize(begin - 1);
    return items;
  }

  void push_tuple(std::size_t count) {
    std::vector<Id> items(count);
    for (std::size_t i = count; i-- > 0;)
      items[i] = pop();
    push(Sequence{std::move(items), true});
  }

  void add_pairs(const std::vector<Id>& items, Dict& dict) const {
    if (items.size() % 2 != 0) refuse("a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
      dict.items.emplace_back(items[i], items[i + 1]);
  }

  void memoize(std::uint64_t index) {
    if (stack_.empty()) refuse("nothing to remember");
    if (memo_.size() >= kMostValues) refuse("too many values");
    memo_[index] = stack_.back();
  }

  void recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) refuse("value " + std::to_string(index) + " was never stored");
    push_again(found->second);
  }

  /// A little-endian two's complement number of up to eight bytes.
  void push_long(std::uint64_t size) {
    const auto part = take(size);
    if (size > 8) return push(Opaque{});
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= std::to_integer<std::uint64_t>(part[i]) << (8 * i);
    if (size > 0 && size < 8 && (std::to_integer<unsigned>(part[size - 1]) & 0x80u) != 0) {
      value |= ~std::uint64_t{0} << (8 * size);
    }
    push(static_cast<std::int64_t>(value));
  }

  void push_double() {
    std::uint64_t bits = 0;
    for (const std::byte byte : take(8))  // big-endian, unlike all else
      bits = bits << 8 | std::to_integer<std::uint64_t>(byte);
    push(std::bit_cast<double>(bits));
  }

  void push_global(const std::string& module, const std::string& name) {
    const auto known = known_global(module, name);
    if (!known) {
      refuse("it asks for \"" + module + "." + name +
             "\"; only tensors and containers are read, and nothing is executed");
    }
    push(*known);
  }

  void stack_global() {
    const Id name = pop();
    const Id module = pop();
    const std::string* const names[] = {std::get_if<std::string>(&values_[module]),
                                        std::get_if<std::string>(&values_[name])};
    if (names[0] == nullptr || names[1] == nullptr) refuse("the name of a class was expected");
    push_global(*names[0], *names[1]);
  }

  const Sequence& tuple(Id id, std::size_t least, const char* what) const {
    const auto* sequence = std::get_if<Sequence>(&values_[id]);
    if (sequence == nullptr || sequence->items.size() < least) {
      refuse(std::string(what) + " was expected");
    }
    return *sequence;
  }

  std::uint64_t count(Id id, const char* what) const {
    const auto* value = std::get_if<std::int64_t>(&values_[id]);
    if (value == nullptr || *value < 0) {
      refuse(std::string(what) + " must be a number, 0 or more");
    }
    return static_cast<std::uint64_t>(*value);
  }

  std::vector<std::int64_t> extents(Id id, const char* what) const {
    const Sequence& sequence = tuple(id, 0, what);
    if (sequence.items.size() > kMostDimensions) refuse("a tensor of more than 8 dimensions");
    std::vector<std::int64_t> result;
    for (const Id item : sequence.items)
      result.push_back(static_cast<std::int64_t>(count(item, what)));
    return result;
  }

  /// ("storage", class, key, location, elements)
  void persistent_id() {
    const Sequence& id = tuple(pop(), 5, "a description of a storage");
    const auto* kind = std::get_if<std::string>(&values_[id.items[0]]);
    const auto* type = std::get_if<GlobalRef>(&values_[id.items[1]]);
    const auto* key = std::get_if<std::string>(&values_[id.items[2]]);
    if (kind == nullptr || *kind != "storage" || type == nullptr || type->kind != Global::storage ||
        key == nullptr || key->size() > kLongestStorageKey) {
      refuse("a description of a storage was expected");
    }
    push(Storage{*key, type->dtype, count(id.items[4], "the size of a storage")});
  }

  void reduce() {
    const Id arguments = pop();
    const auto* function = std::get_if<GlobalRef>(&values_[pop()]);
    if (function == nullptr) refuse("only functions that rebuild tensors can be called");
    switch (function->kind) {
      case Global::ordered_dict:
        if (!tuple(arguments, 0, "a tuple of arguments").items.empty()) {
          refuse("an OrderedDict that is made from a list");
        }
        return push(Dict{});
      case Global::rebuild_tensor:
        return rebuild_tensor(tuple(arguments, 4, "a tensor's parts"));
      case Global::rebuild_parameter: {
        const Id tensor = tuple(arguments, 1, "a parameter's parts").items[0];
        if (!std::holds_alternative<Tensor>(values_[tensor])) refuse("a tensor was expected");
        return push_again(tensor);
      }
      default:
        push(Opaque{});
    }
  }

  void rebuild_tensor(const Sequence& parts) {
    const auto* storage = std::get_if<Storage>(&values_[parts.items[0]]);
    if (storage == nullptr) refuse("a tensor without a storage");
    PickledTensor view{storage->key,
                       storage->dtype,
                       storage->size,
                       count(parts.items[1], "the offset of a tensor"),
                       extents(parts.items[2], "the shape of a tensor"),
                       extents(parts.items[3], "the strides of a tensor")};
    if (view.shape.size() != view.strides.size()) refuse("shape and strides differ in length");
    push(std::make_unique<PickledTensor>(std::move(view)));
  }

  bool step() {
    const auto op = number<std::uint8_t>();
    switch (op) {
      case '.':
        return true;  // STOP
      case 0x80:
        take(1);
        break;  // PROTO
      case 0x95:
        take(8);
        break;  // FRAME
      case '(':
        push(Mark{});
        break;  // MARK
      case '0':
        pop();
        break;  // POP
      case '1':
        pop_to_mark();
        break;  // POP_MARK
      case '2':
        duplicate();
        break;  // DUP
      case 'N':
        push(None{});
        break;  // NONE
      case 0x88:
        push(true);
        break;  // NEWTRUE
      case 0x89:
        push(false);
        break;  // NEWFALSE
      case 'J':
        push(std::int64_t{number<std::int32_t>()});
        break;  // BININT
      case 'K':
        push(std::int64_t{number<std::uint8_t>()});
        break;  // BININT1
      case 'M':
        push(std::int64_t{number<std::uint16_t>()});
        break;  // BININT2
      case 0x8a:
        push_long(number<std::uint8_t>());
        break;  // LONG1
      case 'G':
        push_double();
        break;  // BINFLOAT
      case 'X':
        push(text(number<std::uint32_t>()));
        break;  // BINUNICODE
      case 0x8c:
        push(text(number<std::uint8_t>()));
        break;  // SHORT_BINUNICODE
      case 0x8d:
        push(text(number<std::uint64_t>()));
        break;  // BINUNICODE8
      case 'U':
        push(text(number<std::uint8_t>()));
        break;  // SHORT_BINSTRING
      case ')':
        push(Sequence{{}, true});
        break;  // EMPTY_TUPLE
      case ']':
        push(Sequence{});
        break;  // EMPTY_LIST
      case '}':
        push(Dict{});
        break;  // EMPTY_DICT
      case 0x85:
        push_tuple(1);
        break;  // TUPLE1
      case 0x86:
        push_tuple(2);
        break;  // TUPLE2
      case 0x87:
        push_tuple(3);
        break;  // TUPLE3
      case 't':
        push(Sequence{pop_to_mark(), true});
        break;  // TUPLE
      case 'a':
        append({pop()});
        break;  // APPEND
      case 'e':
        append(pop_to_mark());
        break;  // APPENDS
      case 's':
        set_item();
        break;  // SETITEM
      case 'u':
        set_items();
        break;     // SETITEMS
      case 'c': {  // GLOBAL
        const std::string module = line();
        push_global(module, line());
        break;
      }
      case 0x93:
        stack_global();
        break;  // STACK_GLOBAL
      case 'R':
        reduce();
        break;  // REDUCE
      case 'b':
        build();
        break;  // BUILD
      case 'Q':
        persistent_id();
        break;  // BINPERSID
      case 'q':
        memoize(number<std::uint8_t>());
        break;  // BINPUT
      case 'r':
        memoize(number<std::uint32_t>());
        break;  // LONG_BINPUT
      case 0x94:
        memoize(memo_.size());
        break;  // MEMOIZE
      case 'h':
        recall(number<std::uint8_t>());
        break;  // BINGET
      case 'j':
        recall(number<std::uint32_t>());
        break;  // LONG_BINGET
      default:
        refuse("operation " + std::to_string(op) + " is not one that torch.save uses");
    }
    return false;
  }

  void append(const std::vector<Id>& items) {
    auto& list = top<Sequence>("a list");
    if (list.is_tuple) refuse("a list was expected");
    list.items.insert(list.items.end(), items.begin(), items.end());
  }

  void set_item() {
    const Id value = pop();
    const Id key = pop();
    top<Dict>("a dictionary").items.emplace_back(key, value);
  }

  void set_items() {
    const std::vector<Id> items = pop_to_mark();
    add_pairs(items, top<Dict>("a dictionary"));
  }

  /// Attributes of an OrderedDict (its `_metadata`): of no interest.
  void build() {
    pop();
    top<Dict>("a dictionary");
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  std::uint64_t at_ = 0;
  std::vector<Value> values_;
  std::vector<Id> stack_;
  std::unordered_map<std::uint64_t, Id> memo_;
};

}  // namespace

std::map<std::string, PickledTensor> read_state_dict(std::span<const std::byte> bytes,
                                                     const std::string& name) {
  constexpr std::size_t kLargest = 16 << 20;  // a state_dict's is some 100 bytes a tensor
  if (bytes.size() > kLargest) {
    throw InputError(name, "a pickle of " + std::to_string(bytes.size()) +
                               " bytes; at most 16 MiB are read: tensors lie outside of it");
  }
  return Unpickler(bytes, name).run();
}

}  // namespace lorafleet::model
