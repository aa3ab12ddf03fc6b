// What a machine is told: plain descriptions, filled by the Python face. No function here, so that the headers which
// are compiled once for each instruction set share no code that a linker could mix up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace clearprop {

using Index = std::int64_t;

enum class Activation {
    identity, step, sigmoid, tanh, relu, leaky_relu, elu, selu, gelu, silu, mish, softplus, exp, softmax
};
inline constexpr int ACTIVATION_COUNT = int(Activation::softmax) + 1;

enum class Loss {
    half_squared_error, mean_squared_error, absolute, huber, quantile, poisson,
    binary_cross_entropy, cross_entropy, smoothed_cross_entropy, perceptron
};
inline constexpr int LOSS_COUNT = int(Loss::perceptron) + 1;

enum class Bias { unit, layer, none };

struct Layer {
    Index inputs, units;
    Activation activation;
    double activation_number;
    Bias bias;
    bool train_bias;
    double dropout;
    double weight_rate, bias_rate;  // factors of the learning rate
};

enum class ColumnKind { plain, periodic, piecewise_linear, embedding };

// `count` inputs side by side, each with so many basis functions (or categories) and so many outputs.
struct ColumnLayer {
    ColumnKind kind;
    Index count, functions, outputs;
    double rate;  // a factor of the learning rate
};

struct Network {
    Index inputs;  // of the table; the first layer's are what the column layers make of them
    const ColumnLayer* columns;
    Index column_count;  // 0: the first layer takes the inputs as they are
    bool scaled;         // each number that the first layer takes in has a learnt factor
    double scale_rate;
    const Layer* layers;
    Index depth;
    Loss loss;
    double loss_number;
    bool joint;  // the loss and the last activation are computed together from the net inputs
    bool mean;   // over the batch, otherwise the sum
    double l1, l2;
};

enum class Rule { sgd, momentum, nesterov, adam, adamw, rmsprop };

struct Optimizer {
    Rule rule;
    double momentum, beta1, beta2, epsilon, weight_decay;  // RMSprop's decay is beta2
    const double* rates;  // of each update of this call, or one for all
    Index rate_count;
    const double* fades;  // the shares of dropout and decay that are left: of each update, or one for all
    Index fade_count;
};

// Of the operands of products: as they are, or rounded to bfloat16. Sums and all else have the network's float type.
enum class Precision { full, bfloat16 };

enum class Order { shuffled, sequential, replacement, given };

template <class T>
struct Samples {
    const T* X;            // (rows, inputs)
    const T* Y;            // (rows, outputs), or null where there are classes
    const Index* classes;  // (rows), or null
    const T* weights;      // (rows), or null for 1 each
    Index rows;
};

struct Sums {
    double loss, weight, penalty, rows;
};

enum class Ended { done, stopped, diverged };

// Asked about ten times a second, between two updates, whether to go on.
struct Tick {
    bool (*go_on)(void* context, Index epoch, Index batch, Index step);
    void* context;
};

template <class T>
struct Training {
    Network network;
    Optimizer optimizer;
    Samples<T> samples;
    Order order;
    const Index* given;   // row numbers for Order::given
    const Index* subset;  // the rows that are learnt from, by their numbers in the table; null for all
    Index visited;       // rows an epoch visits
    Index batch_size;
    bool drop_last;
    Precision precision;  // bfloat16: only where multiplies_bfloat16 says so of the machine, and T is float
    std::uint64_t seed;
    int threads;
    Tick tick;
    Index epochs, steps;  // where to end; steps < 0: no limit
    // Where the run stands, read and written.
    T* parameters;  // flat: W1 row by row, b1, W2, …
    T* slots[2];
    Index epoch, batch, step;
    Sums sums;
    double* losses;  // one for each epoch that is finished
    Index losses_written;
    Ended ended;
};

// Separate runs; those of networks of one shape have the same `layers`.
template <class T>
struct Trainings {
    Training<T>* runs;
    Index count;
    int threads;
    Tick tick;
};

template <class T>
struct Evaluation {
    Network network;
    Samples<T> samples;
    const T* parameters;
    int threads;
    // Of the update that the rows are part of the batch of: how it multiplies, and what its dropout masks are drawn by.
    Precision precision;
    std::uint64_t seed;
    Index step;
    double fade;   // the share of dropout that is left; 0: none
    Index before;  // how many rows of the batch come before these
    double loss;   // written: J
    T* gradients;  // written, flat; or null where only the loss is asked for
};

template <class T>
struct Prediction {
    Network network;
    const T* X;
    Index rows;
    const T* parameters;
    int threads;
    T* outputs;  // written: (rows, outputs)
};

// A function of each number, for tests: in vectors, or one by one.
enum class Function { exp, expm1, log, log1p, tanh, erf, erfc_scaled, sine, cosine, sqrt, activation };

template <class T>
struct Elementwise {
    Function function;
    Activation activation;  // of Function::activation: which, with which number, and whether its slope is asked for
    T number;
    bool slope;
    const T* x;
    T* y;  // written
    Index count;
    bool one_by_one;
};

// The entry points of one instruction set.
struct Machine {
    const char* name;
    bool multiplies_bfloat16;  // where the processor has AVX-512 BF16, too
    void (*train_float)(Training<float>&);
    void (*train_double)(Training<double>&);
    void (*train_many_float)(Trainings<float>&);
    void (*train_many_double)(Trainings<double>&);
    void (*evaluate_float)(Evaluation<float>&);
    void (*evaluate_double)(Evaluation<double>&);
    void (*predict_float)(const Prediction<float>&);
    void (*predict_double)(const Prediction<double>&);
    // As many rounds of multiply-adds as asked for; returns how many operations they were.
    Index (*multiply_add_float)(Index rounds);
    Index (*multiply_add_double)(Index rounds);
    void (*elementwise_float)(const Elementwise<float>&);
    void (*elementwise_double)(const Elementwise<double>&);
};

}  // namespace clearprop
