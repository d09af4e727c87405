#include "vision/tflite_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "vision/flat_buffer.hpp"

namespace minet::vision {
namespace {

constexpr std::uint64_t kMaxBytes = 32ULL << 20;      // the largest network has 6.4 MB
constexpr std::size_t kMaxParts = 10'000;             // tensors or operators; the largest has 535
constexpr std::int64_t kMaxElements = 16LL << 20;     // of a tensor; 64 MB
constexpr std::int64_t kMaxAllElements = 32LL << 20;  // of all constants, unpacked
constexpr std::int64_t kMaxSide = 64;                 // of a filter, a stride, a block

constexpr std::array<std::pair<Builtin, const char*>, 16> kNames = {{
    {Builtin::add, "ADD"},
    {Builtin::concatenation, "CONCATENATION"},
    {Builtin::conv_2d, "CONV_2D"},
    {Builtin::depthwise_conv_2d, "DEPTHWISE_CONV_2D"},
    {Builtin::depth_to_space, "DEPTH_TO_SPACE"},
    {Builtin::dequantize, "DEQUANTIZE"},
    {Builtin::fully_connected, "FULLY_CONNECTED"},
    {Builtin::logistic, "LOGISTIC"},
    {Builtin::max_pool_2d, "MAX_POOL_2D"},
    {Builtin::reshape, "RESHAPE"},
    {Builtin::resize_bilinear, "RESIZE_BILINEAR"},
    {Builtin::pad, "PAD"},
    {Builtin::mean, "MEAN"},
    {Builtin::strided_slice, "STRIDED_SLICE"},
    {Builtin::prelu, "PRELU"},
    {Builtin::densify, "DENSIFY"},
}};

std::int64_t size_of(ElementType type) {
  return type == ElementType::float16 ? 2 : 4;
}

class Parser {
 public:
  explicit Parser(TfGraph& graph) : graph_(graph), file_{graph.bytes, graph.where} {}

  void run() {
    const FlatTable model = FlatTable::root(file_, "TFL3");
    buffers_ = model.tables(4);
    const std::vector<FlatTable> subgraphs = model.tables(2);
    if (subgraphs.size() != 1) file_.refuse("one with several graphs or none");
    for (const FlatTable& code : model.tables(1)) {
      codes_.push_back(
          std::max<std::int32_t>(code.value<std::int8_t>(0, 0), code.value<std::int32_t>(3, 0)));
    }
    const FlatTable& graph = subgraphs.front();
    const std::vector<FlatTable> tensors = graph.tables(0), operators = graph.tables(3);
    if (tensors.size() > kMaxParts || operators.size() > kMaxParts) file_.refuse("a larger one");
    for (const FlatTable& tensor : tensors) add_tensor(tensor);
    graph_.inputs = indices(graph, 1);
    graph_.outputs = indices(graph, 2);
    if (graph_.inputs.size() != 1 || graph_.outputs.empty())
      file_.refuse("other inputs or outputs");
    for (const FlatTable& entry : operators) add_operator(entry);
  }

 private:
  std::vector<int> indices(const FlatTable& table, int field, bool may_lack = false) {
    std::vector<int> out;
    for (const std::int64_t index : table.numbers(field, 4)) {
      if (index >= static_cast<std::int64_t>(graph_.tensors.size()) ||
          index < (may_lack ? -1 : 0)) {
        file_.refuse("a tensor's number that does not exist");
      }
      out.push_back(static_cast<int>(index));
    }
    return out;
  }

  void count(std::int64_t elements) {
    all_elements_ += elements;
    if (all_elements_ > kMaxAllElements) file_.refuse("more constants than expected");
  }

  void add_tensor(const FlatTable& entry) {
    TfTensor tensor;
    tensor.shape = entry.numbers(0, 4);
    if (tensor.shape.size() > 4) file_.refuse("a tensor with more than 4 dimensions");
    for (const std::int64_t size : tensor.shape) {
      if (size < 1 || size > kMaxElements) file_.refuse("a tensor with an impossible dimension");
    }
    const std::int64_t elements = elements_of(tensor.shape);
    if (elements > kMaxElements) file_.refuse("a tensor that is too large");
    const auto type = entry.value<std::int8_t>(1, 0);
    if (type < 0 || type > 2) {
      file_.refuse("a tensor of another type than float32, float16 and int32");
    }
    tensor.type = static_cast<ElementType>(type);
    const auto buffer = entry.value<std::uint32_t>(2, 0);
    if (buffer >= buffers_.size()) file_.refuse("a buffer's number that does not exist");
    tensor.data = buffers_[buffer].bytes(0);
    if (const auto sparsity = entry.table(6)) {
      tensor.sparse = rows_of(*sparsity, tensor, elements);
    } else if (!tensor.data.empty()) {
      if (static_cast<std::int64_t>(tensor.data.size()) != elements * size_of(tensor.type)) {
        file_.refuse("a constant with another number of bytes than its shape says");
      }
    }
    if (!tensor.data.empty()) count(elements);
    graph_.tensors.push_back(std::move(tensor));
  }

  // A vector in one of the three index types.
  std::vector<std::int64_t> index_vector(const FlatTable& dimension, int type_field) {
    const auto type = dimension.value<std::uint8_t>(type_field, 0);
    const auto vector = dimension.table(type_field + 1);
    if (type < 1 || type > 3 || !vector) file_.refuse("a sparse constant without its indices");
    constexpr std::array<int, 3> kSizes = {4, 2, 1};
    return vector->numbers(0, kSizes[type - 1]);
  }

  std::unique_ptr<SparseRows> rows_of(const FlatTable& sparsity, const TfTensor& tensor,
                                      std::int64_t elements) {
    const std::vector<std::int64_t> order = sparsity.numbers(0, 4);
    const std::vector<FlatTable> dimensions = sparsity.tables(2);
    const std::size_t rank = tensor.shape.size();
    bool as_expected = rank > 0 && order.size() == rank && dimensions.size() == rank &&
                       sparsity.numbers(1, 4).empty();
    for (std::size_t i = 0; as_expected && i < rank; ++i) {
      as_expected = order[i] == static_cast<std::int64_t>(i) &&
                    dimensions[i].value<std::int8_t>(0, 0) == (i + 1 == rank ? 1 : 0);
    }
    if (!as_expected) file_.refuse("a sparse constant of another form");
    auto rows = std::make_unique<SparseRows>();
    rows->begin = index_vector(dimensions.back(), 2);
    rows->column = index_vector(dimensions.back(), 4);
    const std::int64_t columns = tensor.shape.back();
    const auto values = static_cast<std::int64_t>(rows->column.size());
    bool fits = values <= elements &&
                static_cast<std::int64_t>(rows->begin.size()) == elements / columns + 1 &&
                rows->begin.front() == 0 && rows->begin.back() == values &&
                static_cast<std::int64_t>(tensor.data.size()) == values * size_of(tensor.type);
    for (std::size_t i = 1; fits && i < rows->begin.size(); ++i) {
      fits = rows->begin[i - 1] <= rows->begin[i];
    }
    for (std::size_t i = 0; fits && i < rows->column.size(); ++i) {
      fits = rows->column[i] >= 0 && rows->column[i] < columns;
    }
    if (!fits) file_.refuse("a sparse constant whose indices do not fit its shape");
    return rows;
  }

  std::int64_t side(const FlatTable& options, int field) {
    const auto value = options.value<std::int32_t>(field, 0);
    if (value < 1 || value > kMaxSide) file_.refuse("an operator with an impossible size");
    return value;
  }

  std::int64_t dilation(const FlatTable& options, int field) {
    return options.has(field) ? side(options, field) : 1;
  }

  void set_activation(TfOperator& op, const FlatTable& options, int field) {
    const auto value = options.value<std::int8_t>(field, 0);
    if (value != 0 && value != 1 && value != 3) file_.refuse("an unknown activation");
    op.activation = static_cast<Activation>(value);
  }

  void add_operator(const FlatTable& entry) {
    TfOperator op;
    const auto index = entry.value<std::uint32_t>(0, 0);
    if (index >= codes_.size()) file_.refuse("an operator's number that does not exist");
    op.code = static_cast<Builtin>(codes_[index]);
    if (name_of(op.code) == nullptr) {
      file_.refuse(text("the operator ", codes_[index], ", which is not supported").c_str());
    }
    op.inputs = indices(entry, 1, true);
    op.outputs = indices(entry, 2);
    if (op.inputs.empty() || op.inputs.front() < 0 || op.outputs.size() != 1) {
      file_.refuse("an operator with other inputs or outputs");
    }
    if (const auto options = entry.table(4)) set_options(op, *options);
    graph_.operators.push_back(std::move(op));
  }

  void set_options(TfOperator& op, const FlatTable& options) {
    switch (op.code) {
      case Builtin::conv_2d:
      case Builtin::depthwise_conv_2d: {
        const int shift = op.code == Builtin::conv_2d ? 0 : 1;  // depth_multiplier is in between
        op.same_padding = options.value<std::int8_t>(0, 0) == 0;
        op.stride_w = side(options, 1);
        op.stride_h = side(options, 2);
        set_activation(op, options, 3 + shift);
        op.dilation_w = dilation(options, 4 + shift);
        op.dilation_h = dilation(options, 5 + shift);
        break;
      }
      case Builtin::max_pool_2d:
        op.same_padding = options.value<std::int8_t>(0, 0) == 0;
        op.stride_w = side(options, 1);
        op.stride_h = side(options, 2);
        op.filter_w = side(options, 3);
        op.filter_h = side(options, 4);
        set_activation(op, options, 5);
        break;
      case Builtin::concatenation:
        op.axis = options.value<std::int32_t>(0, 0);
        set_activation(op, options, 1);
        break;
      case Builtin::add:
      case Builtin::fully_connected:
        set_activation(op, options, 0);
        break;
      case Builtin::depth_to_space:
        op.block = side(options, 0);
        break;
      case Builtin::resize_bilinear:
        op.align_corners = options.value<std::uint8_t>(2, 0) != 0;
        op.half_pixel = options.value<std::uint8_t>(3, 0) != 0;
        break;
      case Builtin::mean:
        op.keep_dims = options.value<std::uint8_t>(0, 0) != 0;
        break;
      case Builtin::strided_slice:
        for (const int mask : {0, 1, 2, 3, 4}) {
          if (options.value<std::int32_t>(mask, 0) != 0) file_.refuse("a slice with a mask");
        }
        break;
      default:
        break;
    }
  }

  TfGraph& graph_;
  FlatFile file_;
  std::vector<FlatTable> buffers_;
  std::vector<std::int32_t> codes_;
  std::int64_t all_elements_ = 0;
};

}  // namespace

const char* name_of(Builtin code) {
  for (const auto& [known, name] : kNames) {
    if (known == code) return name;
  }
  return nullptr;
}

std::int64_t elements_of(const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t size : shape) {
    if (size > kMaxElements / elements) return kMaxElements + 1;
    elements *= size;
  }
  return elements;
}

TfGraph parse_tflite(std::string bytes, std::string where) {
  TfGraph graph;
  graph.bytes = std::move(bytes);
  graph.where = std::move(where);
  Parser(graph).run();
  return graph;
}

TfGraph read_tflite(const std::filesystem::path& path) {
  return parse_tflite(read_file(path, kMaxBytes), shown(path));
}

}  // namespace minet::vision
