// The adapter of hnswlib once more, compiled with -march=native. Not all that hnswlib's headers define is
// inline: names of their own keep the two apart.
#include "native_hnsw.hpp"

#define hnswlib native_hnswlib
#define cpuid native_cpuid
#define xgetbv native_xgetbv
#define AVXCapable native_AVXCapable
#define AVX512Capable native_AVX512Capable
#define hnsw_graph native_hnsw_graph
#include "engine/prefilter/hnsw_adapter.cpp"  // NOLINT: its source, under another name
