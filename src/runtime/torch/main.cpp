// learndock-torch: runs one TorchScript model. It reads requests at descriptor 3 and writes answers to
// descriptor 4, as runner.py does for Python (frame.hpp). It is a program of its own so that only it links
// LibTorch, and it is compiled with the language and library settings of the LibTorch at hand.
#include "learndock/base/json.hpp"

#include "runtime/frame.hpp"

#include <cerrno>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <torch/script.h>
#include <torch/version.h>
#include <unistd.h>
#include <utility>

namespace {

using namespace learndock;
using namespace learndock::runtime;

constexpr int kRequests = 3, kAnswers = 4;
constexpr std::uint64_t kMaxBatch = std::uint64_t{1} << 34;
constexpr std::size_t kMaxMessage = 1500;

/// A model's answer that is not what a learnware answers.
struct ContractError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Result<void> receive(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::read(kRequests, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(ErrorCode::io, "there are no more requests");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

bool write_all(const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::write(kAnswers, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

bool send(const Json& header, const Array* array) {
  const auto head = frame_head(header, array);
  return head && write_all(head->data(), head->size()) &&
         (array == nullptr || write_all(array->bytes.data(), array->bytes.size()));
}

torch::ScalarType torch_type(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return torch::kFloat32;
    case ElementType::float64:
      return torch::kFloat64;
    case ElementType::int32:
      return torch::kInt32;
    case ElementType::int64:
      return torch::kInt64;
    case ElementType::uint8:
      return torch::kUInt8;
    case ElementType::boolean:
      break;
  }
  return torch::kBool;
}

/// The element type of a frame that holds the values of a tensor.
ElementType frame_type(torch::ScalarType type) {
  switch (type) {
    case torch::kFloat64:
      return ElementType::float64;
    case torch::kInt64:
      return ElementType::int64;
    case torch::kInt32:
    case torch::kInt16:
    case torch::kInt8:
      return ElementType::int32;
    case torch::kUInt8:
      return ElementType::uint8;
    case torch::kBool:
      return ElementType::boolean;
    case torch::kFloat32:
    case torch::kFloat16:
    case torch::kBFloat16:
      return ElementType::float32;
    default:
      throw ContractError("forward returned a tensor of a type that is no number");
  }
}

torch::Tensor tensor_of(Array& array) {
  const std::vector<std::int64_t> shape(array.shape.begin(), array.shape.end());
  return torch::from_blob(array.bytes.data(), shape, torch::TensorOptions().dtype(torch_type(array.type)));
}

Array array_of(const torch::jit::IValue& answer) {
  if (!answer.isTensor())
    throw ContractError("forward returned no tensor, but a value of kind " + answer.tagKind());
  torch::Tensor tensor = answer.toTensor();
  if (tensor.dim() == 0)
    throw ContractError("forward returned a single number, not one answer for each sample");
  Array array{frame_type(tensor.scalar_type()), {}, {}};
  tensor = tensor.to(torch::kCPU).to(torch_type(array.type)).contiguous();
  array.shape.assign(tensor.sizes().begin(), tensor.sizes().end());
  array.bytes.resize(static_cast<std::size_t>(tensor.numel()) * size_of(array.type));
  if (!array.bytes.empty()) std::memcpy(array.bytes.data(), tensor.data_ptr(), array.bytes.size());
  return array;
}

/// The model and where it runs.
class Model {
 public:
  Json load(const Json& request) {
    device_ = at::hasCUDA() ? torch::kCUDA : torch::kCPU;
    module_ = torch::jit::load(request.value("file", ""), device_);
    module_->eval();
    Json facts{
        {"kind", "facts"},
        {"input_shape", nullptr},
        {"output_shape", nullptr},
        {"runtime", std::string("torchscript ") + TORCH_VERSION + (device_ == torch::kCUDA ? ", CUDA" : "")}};
    for (const char* key : {"input_shape", "output_shape"})
      if (request.contains(key)) facts[key] = request[key];
    return facts;
  }

  Array predict(Array& samples) {
    if (!module_) throw std::runtime_error("no model is loaded");
    const torch::NoGradGuard no_gradients;
    return array_of(module_->forward({tensor_of(samples).to(device_)}));
  }

 private:
  std::optional<torch::jit::Module> module_;
  torch::Device device_ = torch::kCPU;
};

std::string cut(std::string text) {
  if (text.size() > kMaxMessage) text.resize(kMaxMessage);
  return text;
}

Json error_of(const std::string& of, const std::string& message) {
  std::cerr << message << std::endl;
  // Bytes that are no UTF-8 become marks: what is dumped and read again can be sent.
  const std::string safe = Json(cut(message)).dump(-1, ' ', true, Json::error_handler_t::replace);
  return Json{{"kind", "error"}, {"of", of}, {"message", Json::parse(safe)}, {"place", ""}};
}

/// Answers one request. False: there is no one to answer to.
bool answer(Model& model, Frame& frame) {
  const std::string of = frame.kind() == "load" ? "load" : "predict";
  try {
    if (of == "load") return send(model.load(*frame.header), nullptr);
    if (!frame.array) return send(error_of(of, "the request has no array"), nullptr);
    const Array answers = model.predict(*frame.array);
    return send(Json{{"kind", "array"}}, &answers);
  } catch (const ContractError& error) {
    return send(error_of("contract", error.what()), nullptr);
  } catch (const c10::Error& error) {
    return send(error_of(of, error.what_without_backtrace()), nullptr);
  } catch (const std::exception& error) {
    return send(error_of(of, error.what()), nullptr);
  }
}

int serve() {
  Model model;
  while (true) {
    auto frame = read_frame(receive, kMaxBatch);
    if (!frame || frame->kind() == "stop" || !answer(model, *frame)) return 0;
  }
}

/// A model for tests: twice its input.
int make_example(const char* file) {
  torch::jit::Module module("example");
  module.define("def forward(self, x):\n    return x * 2\n");
  module.save(file);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count == 3 && std::strcmp(words[1], "--make-example") == 0) return make_example(words[2]);
  if (count == 1) return serve();
  std::cerr << "usage: learndock-torch, started by learndock with requests at descriptor 3" << std::endl;
  return 2;
}
