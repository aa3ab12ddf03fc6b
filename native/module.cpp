// The Python face: arrays and names in, plans for a machine out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "instruction_sets.hpp"
#include "fma_rate.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace clearprop {
namespace {

template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using InOut = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
template <class T>
using Maybe = std::optional<In<T>>;

template <class Enum>
Enum named(const std::vector<std::string>& names, const std::string& name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return Enum(int(i));
    throw std::invalid_argument("the native engine does not know \"" + name + "\"");
}

// In the order of the enumerations of plan.hpp.
const std::vector<std::string> ACTIVATIONS{"identity", "step", "sigmoid", "tanh", "relu", "leaky_relu", "elu",
                                           "selu", "gelu", "silu", "mish", "softplus", "exp", "softmax"};
const std::vector<std::string> LOSSES{"half_squared_error", "mean_squared_error", "absolute", "huber", "quantile",
                                      "poisson", "binary_cross_entropy", "cross_entropy", "smoothed_cross_entropy",
                                      "perceptron"};
const std::vector<std::string> COLUMN_KINDS{"plain", "periodic", "piecewise_linear", "embedding"};
const std::vector<std::string> BIASES{"unit", "layer", "none"};
const std::vector<std::string> RULES{"sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"};
const std::vector<std::string> ORDERS{"shuffled", "sequential", "replacement", "given"};
const std::vector<std::string> PRECISIONS{"full", "bfloat16"};
const std::vector<std::string> ENDINGS{"done", "stopped", "diverged"};
const std::vector<std::string> FUNCTIONS{"exp", "expm1", "log", "log1p", "tanh", "erf", "erfc_scaled", "sine", "cosine", "sqrt"};

// (inputs, units, activation, its number, bias, train_bias, dropout, weight_rate, bias_rate)
using LayerTuple = std::tuple<Index, Index, std::string, double, std::string, bool, double, double, double>;

// (kind, count, functions, outputs, rate)
using ColumnTuple = std::tuple<std::string, Index, Index, Index, double>;

class OwnedNetwork {
  public:
    OwnedNetwork(Index inputs, const std::vector<ColumnTuple>& columns, std::optional<double> scale_rate,
                 const std::vector<LayerTuple>& layers, const std::string& loss, double loss_number, bool joint,
                 bool mean, double l1, double l2) {
        for (const auto& [kind, count, functions, outputs, rate] : columns)
            columns_.push_back({named<ColumnKind>(COLUMN_KINDS, kind), count, functions, outputs, rate});
        for (const auto& [from, units, activation, number, bias, train_bias, dropout, weight_rate, bias_rate] : layers)
            layers_.push_back({from, units, named<Activation>(ACTIVATIONS, activation), number,
                               named<Bias>(BIASES, bias), train_bias, dropout, weight_rate, bias_rate});
        network_ = {inputs, columns_.data(), Index(columns_.size()), scale_rate.has_value(), scale_rate.value_or(1),
                    layers_.data(), Index(layers_.size()), named<Loss>(LOSSES, loss), loss_number, joint, mean, l1, l2};
    }
    OwnedNetwork(const OwnedNetwork&) = delete;
    OwnedNetwork& operator=(const OwnedNetwork&) = delete;

    const Network& plan() const { return network_; }

  private:
    std::vector<ColumnLayer> columns_;
    std::vector<Layer> layers_;
    Network network_;
};

const Machine& machine_of(const std::string& name) {
    for (const Machine* machine : machines())
        if (machine->name == name) return *machine;
    throw std::invalid_argument("this build or this processor has no instruction set \"" + name + "\"");
}

template <class T>
const T* data_of(const Maybe<T>& array) {
    return array ? array->data() : nullptr;
}

template <class T>
Samples<T> samples_of(const In<T>& X, const Maybe<T>& Y, const Maybe<Index>& classes, const Maybe<T>& weights) {
    return {X.data(), data_of(Y), data_of(classes), data_of(weights), Index(X.shape(0))};
}

// Calls Python between two updates; an exception there stops the run and is raised when the run has come to rest.
struct Caller {
    nb::object function;
    std::exception_ptr raised;

    static bool go_on(void* self, Index epoch, Index batch, Index step) {
        Caller& caller = *static_cast<Caller*>(self);
        nb::gil_scoped_acquire locked;
        try {
            return nb::cast<bool>(caller.function(epoch, batch, step));
        } catch (...) {
            caller.raised = std::current_exception();
            return false;
        }
    }
};

// (rule, momentum, beta1, beta2, epsilon, weight_decay)
using OptimizerTuple = std::tuple<std::string, double, double, double, double, double>;
using SumsTuple = std::tuple<double, double, double, double>;

// What is a run's own: (optimizer, rates, fades; order, given, subset, visited, batch_size, drop_last, precision, seed; epochs,
// steps; parameters, slots; epoch, batch, step, sums; losses).
template <class T>
using RunTuple = std::tuple<OptimizerTuple, In<double>, In<double>, std::string, Maybe<Index>, Maybe<Index>, Index, Index, bool,
                            std::string, std::uint64_t, Index, Index, InOut<T>, std::vector<InOut<T>>, Index, Index, Index,
                            SumsTuple, InOut<double>>;

template <class T>
Training<T> training_of(const OwnedNetwork& network, const Samples<T>& samples, const RunTuple<T>& given) {
    const auto& [optimizer, rates, fades, order, visits, subset, visited, batch_size, drop_last, precision, seed, epochs, steps,
                 parameters, slots, epoch, batch, step, sums, losses] = given;
    const auto& [rule, momentum, beta1, beta2, epsilon, weight_decay] = optimizer;
    const auto& [sum_loss, sum_weight, sum_penalty, sum_rows] = sums;
    Training<T> run{};
    run.network = network.plan();
    run.optimizer = {named<Rule>(RULES, rule), momentum, beta1, beta2, epsilon, weight_decay, rates.data(),
                     Index(rates.shape(0)), fades.data(), Index(fades.shape(0))};
    run.samples = samples;
    run.order = named<Order>(ORDERS, order);
    run.given = data_of(visits);
    run.subset = data_of(subset);
    run.visited = visited;
    run.batch_size = batch_size;
    run.drop_last = drop_last;
    run.precision = named<Precision>(PRECISIONS, precision);
    run.seed = seed;
    run.threads = 1;
    run.epochs = epochs;
    run.steps = steps;
    run.parameters = parameters.data();
    for (std::size_t slot = 0; slot < slots.size(); ++slot) run.slots[slot] = slots[slot].data();
    run.epoch = epoch;
    run.batch = batch;
    run.step = step;
    run.sums = {sum_loss, sum_weight, sum_penalty, sum_rows};
    run.losses = losses.data();
    run.ended = Ended::stopped;  // until it is begun
    return run;
}

template <class T>
nb::tuple outcome_of(const Training<T>& run) {
    return nb::make_tuple(ENDINGS[std::size_t(run.ended)], run.epoch, run.batch, run.step,
                          nb::make_tuple(run.sums.loss, run.sums.weight, run.sums.penalty, run.sums.rows),
                          run.losses_written);
}

template <class T>
nb::tuple train(const OwnedNetwork& network, In<T> X, Maybe<T> Y, Maybe<Index> classes, Maybe<T> weights,
                const RunTuple<T>& run, int threads, nb::object tick, const std::string& instruction_set) {
    const Machine& machine = machine_of(instruction_set);
    Caller caller{tick, nullptr};
    Training<T> training = training_of(network, samples_of(X, Y, classes, weights), run);
    training.threads = threads;
    training.tick = {tick.is_none() ? nullptr : &Caller::go_on, &caller};
    {
        nb::gil_scoped_release unlocked;
        if constexpr (sizeof(T) == sizeof(float)) machine.train_float(training);
        else machine.train_double(training);
    }
    if (caller.raised) std::rethrow_exception(caller.raised);
    return outcome_of(training);
}

// What several runs share: (network, its l1 and l2; X, Y, classes, weights).
template <class T>
using TaskTuple = std::tuple<const OwnedNetwork*, double, double, In<T>, Maybe<T>, Maybe<Index>, Maybe<T>>;

// `places` has the number of each run's task.
template <class T>
nb::list train_many(const std::vector<TaskTuple<T>>& tasks, const std::vector<Index>& places,
                    const std::vector<RunTuple<T>>& runs, int threads, nb::object tick,
                    const std::string& instruction_set) {
    const Machine& machine = machine_of(instruction_set);
    Caller caller{tick, nullptr};
    std::vector<Training<T>> trainings;
    trainings.reserve(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto& [network, l1, l2, X, Y, classes, weights] = tasks.at(std::size_t(places.at(i)));
        trainings.push_back(training_of(*network, samples_of(X, Y, classes, weights), runs[i]));
        trainings.back().network.l1 = l1;
        trainings.back().network.l2 = l2;
    }
    Trainings<T> many{trainings.data(), Index(trainings.size()), threads,
                      {tick.is_none() ? nullptr : &Caller::go_on, &caller}};
    {
        nb::gil_scoped_release unlocked;
        if constexpr (sizeof(T) == sizeof(float)) machine.train_many_float(many);
        else machine.train_many_double(many);
    }
    if (caller.raised) std::rethrow_exception(caller.raised);
    nb::list outcomes;
    for (const Training<T>& training : trainings) outcomes.append(outcome_of(training));
    return outcomes;
}

template <class T>
double evaluate(const OwnedNetwork& network, In<T> X, Maybe<T> Y, Maybe<Index> classes, Maybe<T> weights,
                In<T> parameters, std::optional<InOut<T>> gradients, int threads, const std::string& precision,
                std::uint64_t seed, Index step, double fade, Index before, const std::string& instruction_set) {
    const Machine& machine = machine_of(instruction_set);
    Evaluation<T> run{network.plan(), samples_of(X, Y, classes, weights), parameters.data(), threads,
                      named<Precision>(PRECISIONS, precision), seed, step, fade, before, 0,
                      gradients ? gradients->data() : nullptr};
    nb::gil_scoped_release unlocked;
    if constexpr (sizeof(T) == sizeof(float)) machine.evaluate_float(run);
    else machine.evaluate_double(run);
    return run.loss;
}

template <class T>
void predict(const OwnedNetwork& network, In<T> X, In<T> parameters, InOut<T> outputs, int threads,
             const std::string& instruction_set) {
    const Machine& machine = machine_of(instruction_set);
    const Prediction<T> run{network.plan(), X.data(), Index(X.shape(0)), parameters.data(), threads, outputs.data()};
    nb::gil_scoped_release unlocked;
    if constexpr (sizeof(T) == sizeof(float)) machine.predict_float(run);
    else machine.predict_double(run);
}

double limit(int threads, const std::string& dtype, double seconds, const std::string& instruction_set) {
    const Machine& machine = machine_of(instruction_set);
    if (dtype != "float32" && dtype != "float64")
        throw std::invalid_argument("expected float32 or float64, got \"" + dtype + "\"");
    if (threads < 1 || !(seconds > 0)) throw std::invalid_argument("expected a thread or more and some time");
    nb::gil_scoped_release unlocked;
    return fma_rate(dtype == "float32" ? machine.multiply_add_float : machine.multiply_add_double, threads, seconds);
}

template <class T>
void run_elementwise(const Elementwise<T>& run, const std::string& instruction_set) {
    const Machine& machine = machine_of(instruction_set);
    nb::gil_scoped_release unlocked;
    if constexpr (sizeof(T) == sizeof(float)) machine.elementwise_float(run);
    else machine.elementwise_double(run);
}

template <class T>
void elementwise(const std::string& function, In<T> x, InOut<T> y, bool one_by_one,
                 const std::string& instruction_set) {
    run_elementwise<T>({named<Function>(FUNCTIONS, function), Activation::identity, 0, false, x.data(), y.data(),
                        Index(x.size()), one_by_one}, instruction_set);
}

template <class T>
void activation(const std::string& name, double number, In<T> x, InOut<T> y, bool slope, bool one_by_one,
                const std::string& instruction_set) {
    run_elementwise<T>({Function::activation, named<Activation>(ACTIVATIONS, name), T(number), slope, x.data(),
                        y.data(), Index(x.size()), one_by_one}, instruction_set);
}

template <class T>
void define(nb::module_& module) {
    module.def("train", &train<T>, nb::kw_only(), "network"_a, "X"_a, "Y"_a.none(), "classes"_a.none(),
               "weights"_a.none(), "run"_a, "threads"_a, "tick"_a.none(), "instruction_set"_a);
    module.def("train_many", &train_many<T>, nb::kw_only(), "tasks"_a, "places"_a, "runs"_a, "threads"_a,
               "tick"_a.none(), "instruction_set"_a);
    module.def("evaluate", &evaluate<T>, nb::kw_only(), "network"_a, "X"_a, "Y"_a.none(), "classes"_a.none(),
               "weights"_a.none(), "parameters"_a, "gradients"_a.none(), "threads"_a, "precision"_a, "seed"_a, "step"_a,
               "fade"_a, "before"_a, "instruction_set"_a);
    module.def("predict", &predict<T>, nb::kw_only(), "network"_a, "X"_a, "parameters"_a, "outputs"_a, "threads"_a,
               "instruction_set"_a);
    module.def("elementwise", &elementwise<T>, "function"_a, "x"_a, "y"_a, nb::kw_only(), "one_by_one"_a,
               "instruction_set"_a);
    module.def("activation", &activation<T>, "name"_a, "number"_a, "x"_a, "y"_a, nb::kw_only(), "slope"_a,
               "one_by_one"_a, "instruction_set"_a);
}

}  // namespace
}  // namespace clearprop

NB_MODULE(_native, module) {
    using namespace clearprop;
    nb::class_<OwnedNetwork>(module, "Network")
        .def(nb::init<Index, const std::vector<ColumnTuple>&, std::optional<double>, const std::vector<LayerTuple>&,
                      const std::string&, double, bool, bool, double, double>());
    define<float>(module);
    define<double>(module);
    module.def("fma_rate", &limit, "threads"_a, "dtype"_a, "seconds"_a, "instruction_set"_a,
               "Operations a second of threads that do nothing but multiply-adds on registers: the machine's limit.");
    module.def(
        "instruction_sets",
        [] {
            std::vector<std::string> names;
            for (const Machine* machine : machines()) names.emplace_back(machine->name);
            return names;
        },
        "The instruction sets that this build holds and this processor runs, the plainest first.");
    module.def(
        "multiplies_bfloat16", [](const std::string& name) { return multiplies_bfloat16(machine_of(name)); },
        "Whether an instruction set trains in bfloat16 on this processor.");
}
