#include "learndock/specification/codec.hpp"

#include "learndock/base/json.hpp"

#include "specification/kinds/image/image.hpp"
#include "support/generators.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <limits>

namespace learndock::specification {
namespace {

using testing::random_specification;

ErrorCode json_error(std::string_view text) {
  const auto result = from_json_text(text);
  EXPECT_FALSE(result.has_value()) << text;
  return result ? ErrorCode::internal : result.error().code;
}

TEST(SpecificationJson, ReadsTheReferenceForms) {
  const auto one_point = from_json_text(
      R"({"z":[[1,2,3]],"beta":[0.00999],"gamma":0.1,"num_points":7,"type":"RKMETableSpecification"})");
  ASSERT_TRUE(one_point.has_value());
  EXPECT_EQ(one_point->points.rows(), 1u);
  EXPECT_EQ(one_point->dimension(), 3u);
  EXPECT_EQ(one_point->num_points, 7u);
  // Missing type means table; missing gamma means 0.1; unknown and legacy keys are ignored.
  const auto bare = from_json_text(
      R"({"z":[[1],[2]],"beta":[0.5,-0.5e-07],"cuda_idx":-1,"device":"cpu","later":{"x":[1]}})");
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(bare->kind, Kind());
  EXPECT_EQ(bare->kernel.gamma, 0.1);
  const auto text = from_json_text(
      R"({"z":[[1,2]],"beta":[1],"gamma":0.1,"num_points":3,"type":"RKMETextSpecification","language":["en","zh"]})");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->languages, (std::vector<std::string>{"en", "zh"}));
  const auto trailing = from_json_text(R"({"z":[[[1,2],[3,4]]],"beta":[1]})");
  ASSERT_TRUE(trailing.has_value());
  EXPECT_EQ(trailing->trailing_shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(from_json_text(R"({"z":[[1]],"beta":[1],"type":"RKMEStatSpecification"})")->kind, Kind());
}

TEST(SpecificationJson, WritesTheReferenceKeysInOrderAndReadsItselfBack) {
  const auto table =
      make_table_specification(Matrix<double>(2, 2, {0.1, 2, 3, 4e-7}), {0.25, 0.75}, 0.1, 9).value();
  EXPECT_EQ(
      to_json_text(table),
      R"({"z":[[0.1,2.0],[3.0,4e-07]],"beta":[0.25,0.75],"gamma":0.1,"num_points":9,"type":"RKMETableSpecification"})");
  for (
      const char* text :
      {R"({"z":[[1.5,2.5]],"beta":[1.0],"gamma":0.1,"num_points":3,"type":"RKMETextSpecification","language":["en"]})",
       R"({"z":[[1.5,2.5]],"beta":[1.0],"embedding":null,"weight":null,"gamma":0.1,"type":"HeteroMapTableSpecification"})"})
    EXPECT_EQ(to_json_text(from_json_text(text).value()), text);
}

TEST(SpecificationJson, ImageFormKeepsItsKeys) {
  Json z = Json::array({Json::array({Json::array()})});
  for (int row = 0; row < 32; ++row) z[0][0].push_back(std::vector<double>(32, row / 8.0));
  const Json json = {{"RKME_IMAGE_VERSION", 1},
                     {"msg", nullptr},
                     {"z", z},
                     {"beta", {2.3e-8}},
                     {"n_models", 16},
                     {"model_config", {{"k", 2}}},
                     {"type", "RKMEImageSpecification"}};
  const auto spec = from_json(json);
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->trailing_shape, (std::vector<std::size_t>{1, 32, 32}));
  EXPECT_EQ(to_json(*spec), json);
  EXPECT_EQ(from_binary(to_binary(*spec)).value(), *spec);
}

TEST(SpecificationJson, RefusesBadInputPrecisely) {
  EXPECT_EQ(json_error("[]"), ErrorCode::spec_type);
  EXPECT_EQ(json_error(R"({"z":[[1]],"beta":[1],"type":"os.system"})"), ErrorCode::spec_type);
  EXPECT_EQ(json_error(R"({"beta":[1]})"), ErrorCode::spec_missing_key);
  EXPECT_EQ(json_error(R"({"z":[[1]]})"), ErrorCode::spec_missing_key);
  EXPECT_EQ(json_error(R"({"z":[],"beta":[]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[[]],"beta":[1]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[1,2],"beta":[1,2]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[[1,2],[3]],"beta":[1,2]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[[1],[[2]]],"beta":[1,2]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[["1"]],"beta":[1]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[[1],[2]],"beta":[1]})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[[1]],"beta":[0.0]})"), ErrorCode::spec_weights);
  EXPECT_EQ(json_error(R"({"z":[[1]],"beta":[1],"gamma":-1})"), ErrorCode::spec_gamma);
  EXPECT_EQ(json_error(R"({"z":[[1]],"beta":[1],"gamma":"x"})"), ErrorCode::spec_gamma);
  EXPECT_EQ(json_error(R"({"z":[[NaN]],"beta":[1]})"), ErrorCode::json_not_finite);
  EXPECT_EQ(json_error(R"({"z":[[1e200]],"beta":[1]})"), ErrorCode::spec_not_finite);
  EXPECT_EQ(json_error(R"({"z":[[1]],"beta":[1],"num_points":-3})"), ErrorCode::spec_shape);
  EXPECT_EQ(json_error(R"({"z":[[1]],"z":[[2]],"beta":[1]})"), ErrorCode::json_duplicate_key);
  const auto ragged = from_json_text(R"({"z":[[1,2],[3]],"beta":[1,2]})");
  EXPECT_EQ(ragged.error().where, "/z/1");
}

TEST(SpecificationBinary, RoundTripsLosslessly) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto spec = random_specification({1 + seed, 1 + seed % 7, 0.3, 0, 1, seed % 2 == 1}, seed);
    const std::string bytes = to_binary(spec);
    const auto back = from_binary(bytes);
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, spec);
    EXPECT_EQ(from_json_text(to_json_text(spec)).value(), spec) << "shortest digits read back exactly";
  }
}

TEST(SpecificationJson, ScalesAreWrittenOnlyWhenThereAreSeveral) {
  auto table = make_table_specification(Matrix<double>(1, 1, {1}), {1}, 0.5, 9, 3).value();
  EXPECT_EQ(
      to_json_text(table),
      R"({"z":[[1.0]],"beta":[1.0],"gamma":0.5,"scales":3,"num_points":9,"type":"RKMETableSpecification"})");
  EXPECT_EQ(from_json_text(to_json_text(table)).value(), table);
  table.kernel.scales = 1;
  EXPECT_EQ(to_json_text(table).find("scales"), std::string::npos);
  for (const char* one : {R"({"z":[[1]],"beta":[1]})", R"({"z":[[1]],"beta":[1],"scales":1})"})
    EXPECT_EQ(from_json_text(one)->kernel.scales, 1u);
  EXPECT_EQ(from_json_text(R"({"z":[[1]],"beta":[1],"scales":4.0})")->kernel.scales, 4u);
  for (const char* wrong :
       {"0", "5", "-1", "2.5", "1e300", "18446744073709551617", "null", "\"2\"", "[2]", "true"}) {
    const auto refused = from_json_text(std::string(R"({"z":[[1]],"beta":[1],"scales":)") + wrong + "}");
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::spec_kernel) << wrong;
    EXPECT_EQ(refused.error().where, "/scales") << wrong;
  }
  EXPECT_EQ(json_error(R"({"z":[[1]],"beta":[1],"gamma":1e308,"scales":4})"), ErrorCode::spec_gamma);
}

TEST(SpecificationJson, AnImagesKernelHasNoScales) {
  RkmeSpecification image;
  image.kind = Kind(kImageKind);
  image.points = Matrix<double>(1, 3 * 32 * 32);
  image.weights = {1};
  image.trailing_shape = {3, 32, 32};
  EXPECT_TRUE(validate(image).has_value());
  image.kernel.scales = 2;
  EXPECT_EQ(validate(image).error().code, ErrorCode::spec_kernel);
  EXPECT_EQ(validate(image).error().where, "/scales");
}

TEST(SpecificationBinary, SeveralScalesAreVersionTwo) {
  const auto one = random_specification({3, 2}, 1);
  EXPECT_EQ(to_binary(one)[4], 1);
  for (std::uint32_t scales = 2; scales <= compute::kMaxScales; ++scales) {
    auto several = one;
    several.kernel.scales = scales;
    const std::string bytes = to_binary(several);
    EXPECT_EQ(bytes[4], 2);
    EXPECT_EQ(bytes.size(), to_binary(one).size() + 1);
    EXPECT_EQ(from_binary(bytes).value(), several);
    EXPECT_EQ(from_json_text(to_json_text(several)).value(), several);
  }
}

TEST(SpecificationBinary, VersionTwoWithOneScaleOrTooManyIsRefused) {
  for (const std::uint32_t wrong : {0U, 1U, 5U, 255U}) {
    auto spec = random_specification({3, 2}, 1);
    spec.kernel.scales = 2;
    std::string bytes = to_binary(spec);
    bytes[4 + 2 + 1 + 1 + 4 + 4 + 4 + 8] = static_cast<char>(wrong);
    const std::string_view body = std::string_view(bytes).substr(0, bytes.size() - 4);
    const auto checksum =
        static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size()));
    std::memcpy(bytes.data() + body.size(), &checksum, sizeof checksum);
    const auto refused = from_binary(bytes);
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::spec_binary);
    EXPECT_NE(refused.error().message.find("scales"), std::string::npos) << refused.error().message;
  }
}

TEST(SpecificationBinary, FloatsTakeFourBytes) {
  const auto spec = make_table_specification(Matrix<double>(1, 2, {0.5, 2}), {1}, 0.1, 1).value();
  EXPECT_EQ(to_binary(spec).size(), 4u + 2 + 1 + 1 + 4 + 4 + 4 + 8 + 8 + 4 + 2 * 4 + 8 + 4);
}

TEST(SpecificationBinary, EveryTruncationAndEveryFlippedBitIsAnError) {
  for (const std::uint32_t scales : {1U, 3U}) {
    auto spec = random_specification({3, 2}, 1);
    spec.kernel.scales = scales;
    const std::string bytes = to_binary(spec);
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(from_binary(std::string_view(bytes).substr(0, length)).has_value()) << length;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(from_binary(damaged).has_value()) << bit;
    }
    EXPECT_FALSE(from_binary(bytes + "x").has_value());
  }
}

TEST(SpecificationJson, TheLargestReducedSetOfTheReferenceIsLegal) {
  // 1,310,720 values of 32 bytes: 40 MiB of text.
  std::string row = "[";
  for (int i = 0; i < 13'108; ++i)
    row += (i > 0 ? "," : "") + std::string("0.123456789012345678901234567890");
  row += "]";
  std::string z = "[", beta = "[";
  for (int i = 0; i < 100; ++i) {
    z += (i > 0 ? "," : "") + row;
    beta += i > 0 ? ",0.01" : "0.01";
  }
  const std::string text = "{\"z\":" + z + "],\"beta\":" + beta + "]}";
  ASSERT_GT(text.size(), std::size_t{40} << 20);
  const auto spec = from_json_text(text);
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->dimension(), 13'108u);
}

TEST(SpecificationJson, WhatTheBinaryFormCannotCarryIsRefusedAtOnce) {
  const std::string big(std::size_t{1} << 20, 'x');
  const std::string head = R"({"z":[[1]],"beta":[1],"type":"HeteroMapTableSpecification","embedding":)";
  EXPECT_EQ(from_json_text(head + "\"" + big + "\"}").error().code, ErrorCode::spec_shape);
  // As deep as JSON allows: one level deeper inside the binary form.
  const auto deep = from_json_text(head + std::string(62, '[') + std::string(62, ']') + "}");
  ASSERT_TRUE(deep.has_value()) << deep.error().message;
  const auto back = from_binary(to_binary(*deep));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, *deep);
}

TEST(SpecificationJson, AWholeFloatIsACount) {
  EXPECT_EQ(from_json_text(R"({"z":[[1]],"beta":[1],"num_points":500.0})")->num_points, 500u);
  for (const char* bad : {"500.5", "-1", "-1.0", "1e300", "\"5\""})
    EXPECT_EQ(from_json_text(std::string(R"({"z":[[1]],"beta":[1],"num_points":)") + bad + "}").error().where,
              "/num_points")
        << bad;
}

TEST(SpecificationJson, ErrorsNameTheirPlace) {
  EXPECT_EQ(from_json_text(R"({"z":[[1,2],[3,"x"]],"beta":[1,1]})").error().where, "/z/1/1");
  EXPECT_EQ(from_json_text(R"({"z":[[1],[2]],"beta":[1,[1]]})").error().where, "/beta/1");
}

TEST(SpecificationBinary, OnlyTextsSpeakLanguages) {
  auto table = from_json_text(R"({"z":[[1]],"beta":[1]})").value();
  table.languages = {"en"};
  EXPECT_TRUE(from_binary(to_binary(table))->languages.empty());
}

}  // namespace
}  // namespace learndock::specification
