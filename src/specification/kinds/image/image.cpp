#include "specification/kinds/image/image.hpp"

namespace learndock::specification {
namespace {

constexpr std::string_view kImageNames[] = {"RKMEImageSpecification"};
constexpr PassedKey kImageKeysBeforePoints[] = {{"RKME_IMAGE_VERSION", "1"}, {"msg", "null"}};
constexpr PassedKey kImageKeysAfterPoints[] = {{"n_models", "16"}, {"model_config", "{}"}};
constexpr std::size_t kImageSide = 32;

std::string_view image_shape_fault(std::span<const std::size_t> shape) {
  if (shape.size() == 3 && shape[1] == kImageSide && shape[2] == kImageSide) return {};
  return "an image specification's points are C x 32 x 32";
}

}  // namespace

// The kernel of images is the one of a wide convolutional network (NNGP). To add it: its arithmetic as
// include/learndock/compute/kernel.hpp says, and here no `not_comparable`.
constinit const KindRules kImageKind = {
    .number = 2,
    .names = kImageNames,
    .data = "Image",
    .rank = 4,
    .not_comparable = "image specifications compare by a convolutional kernel, which is not built in",
    .shape_fault = image_shape_fault,
    .keys_before_points = kImageKeysBeforePoints,
    .keys_after_points = kImageKeysAfterPoints,
    .writes_kernel = false,
    .writes_num_points = false,
};

}  // namespace learndock::specification
