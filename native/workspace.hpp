// All that a call works on: parameters in panels, and the rows of a batch on their way through.
#pragma once

#include "columns.hpp"
#include "memory.hpp"
#include "round.hpp"
#include "shares.hpp"
#include "turn.hpp"

namespace clearprop::CLEARPROP_ISA {

inline Index bias_size(const Layer& layer) {
    return layer.bias == Bias::unit ? layer.units : layer.bias == Bias::layer ? 1 : 0;
}

// Few units and many inputs: vectors along the units would be mostly empty.
template <class T>
bool stands_by_units(const Layer& layer) {
    return layer.units <= LANES<T> / 2 && layer.inputs >= PANEL<T>;
}

// One layer at work. The numbers of a panel beyond the real columns are 0 in weights, biases and deltas.
template <class T>
struct Stage {
    Layer layer;
    bool by_units;         // the weights stand as (units, inputs), so that vectors run along the inputs
    Index panel_step;      // of the weights
    Trained<T> weights;    // (inputs, units) or, by_units, (units, inputs)
    Trained<T> bias;       // (units): one number for the whole layer stands at every unit
    Matrix<T> turned;      // (units, inputs): for the way back; none in layer 1
    Matrix<T> inputs;      // (rows, inputs)
    Matrix<T> values;      // (rows, units): z, then a
    Matrix<T> slopes;      // (rows, units): f′(z), where a does not tell it
    Matrix<T> deltas;      // (rows, units): ∂E/∂z
    Operands rounded;      // what products read instead, in bfloat16

    bool joint;      // the loss takes the net inputs
    bool rectifies;  // the product ends with a = max(0, z), where a > 0 says that f′(z) = 1

    T* weight(T* base, Index input, Index unit) const {
        const Matrix<T> matrix{base, panel_step};
        return by_units ? matrix.from(unit, input) : matrix.from(input, unit);
    }
};

// Rewrites the operands of a part of a panel of weights, `rows` rows from an even `row` on.
template <class T>
void round_weights(const Stage<T>& stage, Index row, Index rows, Index column) {
    const Matrix<T> weights{stage.weights.value, stage.panel_step};
    const Operands& to = stage.rounded;
    if (stage.by_units) return pack_panel(weights, column, {to.weights, to.turned}, row, rows);
    pack_panel(weights, column, {{}, to.weights}, row, rows);
    if (to.turned.base) pack_turned(weights, to.turned, row, rows, column, stage.layer.units);
}

enum class Purpose { train, gradients, loss, predict };

// The layers of items that belong to none.
inline constexpr int OF_COLUMNS = -1, OF_SCALE = -2;

// A place where a part of a gradient is summed and used: each by one thread in one order. It is a tile of a panel of the
// weights or, where they are many or their gradients are soon summed, as many rows of the panel as it has columns; row -1:
// a panel of the bias. Of columns: the parameters of embedded input number `row`; of the scale: a panel of it.
struct Item {
    int layer, row, rows, column;
    double cost;  // of the items before it
};

inline constexpr Index ROWS_AT_ONCE = 1024;      // a panel of so many rows stays in the second cache
inline constexpr Index BYTES_AT_ONCE = 32 << 20;  // of all rows on their way, so that memory does not grow with the batch
inline constexpr Index ROWS_OF_WHOLE_ITEMS = 64;  // that few threads work on: they need no small items to share evenly
inline constexpr Index UNIT_PANELS = 4;           // panels of deltas that stay in the cache while all inputs pass by

template <class T>
class Workspace {
  public:
    // For batches of up to `rows` rows.
    Workspace(const Network& network, Purpose purpose, int slots, Index rows, Precision precision = Precision::full)
        : network(network), purpose(purpose), slot_count(slots), precision(precision),
          chunk(rows_at_once(network, purpose, precision, rows)) {
        keeps_gradients_ = purpose == Purpose::gradients || (purpose == Purpose::train && chunk < rows);
        Arena measured;
        lay_out(measured);
        block_ = borrow(measured.used);
        Arena arena{static_cast<char*>(block_)};
        lay_out(arena);
    }
    ~Workspace() { give_back(block_); }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    // From the flat parameters, and the optimizer's memory of them, to panels: one of `parts` parts of the inputs of each
    // layer. When all parts are there, `round` has to follow.
    void load(const T* parameters, T* const* slots, Index part = 0, Index parts = 1) {
        for_each_flat([&](const Stage<T>& stage, Index flat) {
            load_into(stage, stage.weights.value, stage.bias.value, parameters + flat, part, parts);
            for (int s = 0; s < slot_count; ++s)
                load_into(stage, stage.weights.slots[s], stage.bias.slots[s], slots[s] + flat, part, parts);
            if (stage.turned.base && !stage.by_units) turn(stage, part, parts);
        });
        if (part > 0 || network.column_count == 0) return;
        each_column_run([&](const Trained<T>& to, Index place, Index flat, Index count) {
            __builtin_memcpy(to.value + place, parameters + flat, std::size_t(count) * sizeof(T));
            for (int s = 0; s < slot_count; ++s)
                __builtin_memcpy(to.slots[s] + place, slots[s] + flat, std::size_t(count) * sizeof(T));
        });
    }

    void round() {
        if constexpr (ROUNDS<T>)
            for (Index l = 0; l < network.depth; ++l)
                if (stages[l].rounded.weights.base) round(stages[l]);
    }

    void store(T* parameters, T* const* slots, Index part = 0, Index parts = 1) const {
        for_each_flat([&](const Stage<T>& stage, Index flat) {
            store_from(stage, stage.weights.value, stage.bias.value, parameters + flat, part, parts);
            for (int s = 0; s < slot_count; ++s)
                store_from(stage, stage.weights.slots[s], stage.bias.slots[s], slots[s] + flat, part, parts);
        });
        if (part > 0 || network.column_count == 0) return;
        each_column_run([&](const Trained<T>& from, Index place, Index flat, Index count) {
            __builtin_memcpy(parameters + flat, from.value + place, std::size_t(count) * sizeof(T));
            for (int s = 0; s < slot_count; ++s)
                __builtin_memcpy(slots[s] + flat, from.slots[s] + place, std::size_t(count) * sizeof(T));
        });
    }

    void store_gradients(T* gradients) const {
        for_each_flat([&](const Stage<T>& stage, Index flat) {
            store_from(stage, stage.weights.gradient, stage.bias.gradient, gradients + flat, 0, 1);
        });
        if (network.column_count == 0) return;
        each_column_run([&](const Trained<T>& from, Index place, Index flat, Index count) {
            __builtin_memcpy(gradients + flat, from.gradient + place, std::size_t(count) * sizeof(T));
        });
    }

    Index first_item(int thread, int threads) const {
        const double before = items[item_count].cost * thread / threads;
        Index low = 0, high = item_count;
        while (low < high) {
            const Index middle = (low + high) / 2;
            if (items[middle].cost < before) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    // The items of a thread, of about the same cost as others'.
    Share items_of(int thread, int threads) const {
        const Index first = first_item(thread, threads);
        return {first, first_item(thread + 1, threads) - first};
    }

    // Of `left` rows, those of the next chunk, and the share of them that falls to a thread.
    Index chunk_of(Index left) const { return left < chunk ? left : chunk; }
    Share rows_of(Index left, int thread, int threads) const { return share_of(chunk_of(left), thread, threads); }

    // Rows at a time that are worth letting all weights pass by, from the second cache or from farther away.
    Index least_rows() const { return farther ? 128 : 24; }

    const Stage<T>& last() const { return stages[network.depth - 1]; }

    // Whether it has room for batches of another run.
    bool serves(const Network& other, int slots, Precision wanted) const {
        return other.layers == network.layers && other.columns == network.columns && slots == slot_count && wanted == precision;
    }

    // Networks of one shape may be penalised each in its own way.
    void penalise_as(const Network& other) {
        network.l1 = other.l1;
        network.l2 = other.l2;
    }

    Network network;
    const Purpose purpose;
    const int slot_count;
    const Precision precision;
    const Index chunk;  // rows at once
    Stage<T>* stages = nullptr;
    Matrix<T> gathered{};      // (chunk, inputs), or what the column layers make of them
    ColumnStage<T> columns{};
    double* losses = nullptr;  // (chunk): wᵢEᵢ
    Item* items = nullptr;
    double* penalties = nullptr;  // of each item
    Index item_count = 0;
    bool far = false;      // the parameters do not fit in the nearest cache
    bool farther = false;  // nor in the second

  private:
    struct Arena {
        char* base = nullptr;
        Index used = 0;

        template <class U>
        U* take(Index count) {
            U* array = base ? reinterpret_cast<U*>(base + used) : nullptr;
            used += (count * Index(sizeof(U)) + 63) / 64 * 64;
            return array;
        }

        template <class U>
        U* cleared(Index count) {
            U* array = take<U>(count);
            if (array) __builtin_memset(static_cast<void*>(array), 0, std::size_t(count) * sizeof(U));
            return array;
        }

        // The numbers of a matrix in panels, with 0 beyond its columns: what stands in these is always written first.
        template <class E = T>
        E* numbers(Index rows, Index columns) {
            const Index step = rows * PANEL<E>, count = panels<E>(columns) * step;
            E* array = take<E>(count);
            if (array && columns % PANEL<E> > 0)
                __builtin_memset(static_cast<void*>(array + count - step), 0, std::size_t(step) * sizeof(E));
            return array;
        }

        template <class E = T>
        Matrix<E> matrix(Index rows, Index columns) {
            return {numbers<E>(rows, columns), rows * PANEL<E>};
        }

        Packed packed(Index rows, Index columns) {
            return {matrix<Pair>(rows, even(columns) / 2), matrix<Pair>(even(rows) / 2, columns)};
        }
    };

    static Index rows_at_once(const Network& network, Purpose purpose, Precision precision, Index batch) {
        const Index forms = precision == Precision::full ? 1 : 2;  // both that are packed take as much as the floats
        const bool backward = purpose == Purpose::train || purpose == Purpose::gradients;
        const Index width = panels<T>(network.layers[0].inputs) * PANEL<T>;
        Index numbers = width * forms;
        for (Index l = 0; l < network.column_count; ++l) {
            const ColumnLayer& layer = network.columns[l];
            if (layer.kind != ColumnKind::plain) numbers += layer.count * (1 + (backward ? layer.outputs : 0));
        }
        if (network.column_count > 0) numbers += width * (Index(network.scaled) + Index(backward));
        for (Index l = 0; l < network.depth; ++l)
            numbers += panels<T>(network.layers[l].units) * PANEL<T> * (purpose == Purpose::predict ? 1 : 1 + 2 * forms);
        const Index fitting = BYTES_AT_ONCE / (numbers * Index(sizeof(T)));
        const Index most = fitting > ROWS_AT_ONCE ? ROWS_AT_ONCE : fitting > 240 ? fitting : 240;
        return batch < most ? batch : most;
    }

    void lay_out(Arena& arena) {
        const bool backward = purpose == Purpose::train || purpose == Purpose::gradients;
        Stage<T>* placed = arena.template take<Stage<T>>(network.depth);
        Stage<T> unplaced{};
        gathered = arena.matrix(chunk, network.layers[0].inputs);
        losses = arena.template take<double>(chunk);
        if (network.column_count > 0) lay_out_columns(arena, backward);
        Matrix<T> inputs = network.column_count > 0 ? columns.scaled : gathered;
        Packed packed = rounds() ? arena.packed(chunk, network.layers[0].inputs) : Packed{};
        Index bytes = 0;
        for (Index l = 0; l < network.depth; ++l) {
            Stage<T>& stage = placed ? placed[l] : unplaced;
            const Layer& layer = stage.layer = network.layers[l];
            const bool top = l == network.depth - 1;
            stage.by_units = stands_by_units<T>(layer);
            stage.joint = top && network.joint;
            stage.rectifies = !top && !stage.by_units && layer.activation == Activation::relu && layer.dropout == 0;
            stage.inputs = inputs;
            const Index rows = stage.by_units ? layer.units : layer.inputs;
            const Index columns = stage.by_units ? layer.inputs : layer.units;
            stage.panel_step = rows * PANEL<T>;
            stage.weights = trained([&] { return arena.template numbers<T>(rows, columns); });
            stage.bias = trained([&] { return arena.template cleared<T>(panels<T>(layer.units) * PANEL<T>); });
            if (stage.by_units) stage.turned = {stage.weights.value, stage.panel_step};
            else if (backward && hands_back(l) && !rounds()) stage.turned = arena.matrix(layer.units, layer.inputs);
            else stage.turned = {};
            stage.values = arena.matrix(chunk, layer.units);
            stage.slopes = backward && !stage.rectifies && !stage.joint ? arena.matrix(chunk, layer.units) : Matrix<T>{};
            stage.deltas = purpose == Purpose::predict ? Matrix<T>{} : arena.matrix(chunk, layer.units);
            stage.rounded = {};
            if (rounds()) {
                stage.rounded.weights = stage.by_units
                                            ? arena.template matrix<Pair>(layer.units, even(layer.inputs) / 2)
                                            : arena.template matrix<Pair>(even(layer.inputs) / 2, layer.units);
                if (hands_back(l)) stage.rounded.turned = arena.template matrix<Pair>(even(layer.units) / 2, layer.inputs);
                stage.rounded.inputs = packed;
                stage.rounded.deltas = arena.packed(chunk, layer.units);
                if (!hands_back(l)) stage.rounded.deltas.across = {};
                if (!top) packed = arena.packed(chunk, layer.units);
            }
            inputs = stage.values;
            bytes += layer.inputs * layer.units * Index(sizeof(T)) * (1 + slot_count);
        }
        far = bytes > (1 << 15);
        farther = bytes > (1 << 20);
        const Index count = backward ? list_items(nullptr) : 0;
        item_count = count;
        items = arena.template take<Item>(count + 1);
        penalties = arena.template cleared<double>(count);
        stages = placed;
        if (items && count > 0) list_items(items);
    }

    // Whether something lies below a layer that learns from its deltas.
    bool hands_back(Index l) const { return l > 0 || network.column_count > 0; }

    void lay_out_columns(Arena& arena, bool backward) {
        const Index width = network.layers[0].inputs;
        Index inputs = 0;
        for (Index l = 0; l < network.column_count; ++l)
            if (network.columns[l].kind != ColumnKind::plain) inputs += network.columns[l].count;
        Embedded* const placed = arena.template take<Embedded>(inputs);
        ColumnStage<T>& stage = columns;
        stage.network = network;
        stage.rows = whole_vectors<T>(chunk);
        stage.embedded = placed;
        stage.embedded_count = stage.output_count = stage.parameter_count = 0;
        Index input = 0, feature = 0, flat = dense_parameters();
        for (Index l = 0; l < network.column_count; ++l) {
            const ColumnLayer& layer = network.columns[l];
            const Index first = feature + (layer.kind == ColumnKind::embedding ? 0 : layer.count);
            Embedded one = embedded(layer);
            for (one.number = 0; one.number < layer.count && layer.kind != ColumnKind::plain; ++one.number) {
                one.input = input + one.number;
                one.first = first + one.number * layer.outputs;
                one.outputs = stage.output_count;
                one.flat = flat;
                one.start = stage.parameter_count;
                if (placed) placed[stage.embedded_count] = one;
                ++stage.embedded_count;
                stage.output_count += layer.outputs;
                stage.parameter_count = one.end<T>();
            }
            input += layer.count;
            feature += ColumnStage<T>::width_of(layer);
            flat += layer.count * (one.trained + one.fixed);
        }
        scale_flat_ = flat;
        const Index whole = panels<T>(width) * PANEL<T>;
        const auto trained_here = [&](Index count) {
            Trained<T> arrays = trained([&] { return arena.template cleared<T>(count); });
            if (backward && !arrays.gradient) arrays.gradient = arena.template cleared<T>(count);
            return arrays;
        };
        stage.parameters = trained_here(stage.parameter_count);
        stage.scale = network.scaled ? trained_here(whole) : Trained<T>{};
        stage.inputs = arena.template take<T>(stage.embedded_count * stage.rows);
        stage.features = gathered;
        stage.scaled = network.scaled ? arena.matrix(chunk, width) : gathered;
        if (!backward) return;
        stage.deltas = arena.template take<T>(stage.output_count * stage.rows);
        stage.gradients = arena.matrix(chunk, width);
    }

    // Calls f(arrays, place there, place in the flat vector, count) for all parameters of column layers and the scale.
    template <class F>
    void each_column_run(F f) const {
        columns.each_run([&](Index place, Index flat, Index count) { f(columns.parameters, place, flat, count); });
        if (network.scaled) f(columns.scale, 0, scale_flat_, network.layers[0].inputs);
    }

    Index dense_parameters() const {
        Index count = 0;
        for (Index l = 0; l < network.depth; ++l)
            count += network.layers[l].inputs * network.layers[l].units + bias_size(network.layers[l]);
        return count;
    }

    bool rounds() const { return ROUNDS<T> && precision == Precision::bfloat16; }

    template <class Take>
    Trained<T> trained(Take take) const {
        Trained<T> arrays{take(), {nullptr, nullptr}, nullptr};
        for (int s = 0; s < slot_count; ++s) arrays.slots[s] = take();
        if (keeps_gradients_) arrays.gradient = take();
        return arrays;
    }

    // Writes the items, in the order in which they are done, where `out` is not null; returns how many there are. After
    // them stands one that only tells the whole cost.
    Index list_items(Item* out) const {
        Index count = 0;
        double cost = 0;
        const auto add = [&](Index layer, Index row, Index rows, Index column) {
            if (out) out[count] = {int(layer), int(row), int(rows), int(column), cost};
            ++count;
            cost += double(rows < 0 ? 0 : rows) + 2;
        };
        constexpr Index W = PANEL<T>, block = UNIT_PANELS * W;
        for (Index i = 0; i < columns.embedded_count; ++i) {
            add(OF_COLUMNS, i, 0, 0);
            if (out) cost += ColumnStage<T>::cost_of(columns.embedded[i]);
        }
        for (Index column = 0; column < network.layers[0].inputs && network.scaled; column += W) add(OF_SCALE, 0, 1, column);
        for (Index l = 0; l < network.depth; ++l) {
            const Index inputs = network.layers[l].inputs, units = network.layers[l].units;
            for (Index unit = 0; unit < units; unit += W) add(l, -1, 0, unit);
            if (stands_by_units<T>(network.layers[l])) {
                for (Index input = 0; input < inputs; input += W) add(l, 0, units, input);
                continue;
            }
            for (Index first = 0; first < units; first += block)
                for (Index panel = 0; panel < inputs; panel += W)
                    for (Index unit = first; unit < units && unit < first + block; unit += W) {
                        const Index rows = inputs - panel < W ? inputs - panel : W;
                        if (farther || chunk <= ROWS_OF_WHOLE_ITEMS) add(l, panel, rows, unit);
                        else each_tile(rows, [&](Index row, Index count) { add(l, panel + row, count, unit); });
                    }
        }
        if (out) out[count].cost = cost;
        return count;
    }

    template <class F>
    void for_each_flat(F f) const {
        Index flat = 0;
        for (Index l = 0; l < network.depth; ++l) {
            f(stages[l], flat);
            flat += stages[l].layer.inputs * stages[l].layer.units + bias_size(stages[l].layer);
        }
    }

    // A run as long as a panel is wide is copied without a call.
    static void copy_run(T* to, const T* from, Index count) {
        if (count == PANEL<T>) __builtin_memcpy(to, from, PANEL<T> * sizeof(T));
        else __builtin_memcpy(to, from, std::size_t(count) * sizeof(T));
    }

    static void load_into(const Stage<T>& stage, T* weights, T* bias, const T* flat, Index part, Index parts) {
        const Layer& layer = stage.layer;
        each_run(stage, weights, part, parts,
                 [flat](T* panels, Index place, Index count) { copy_run(panels, flat + place, count); });
        const T* given = flat + layer.inputs * layer.units;
        for (Index o = 0; o < layer.units && part == 0 && layer.bias != Bias::none; ++o)
            bias[o] = given[layer.bias == Bias::layer ? 0 : o];
    }

    static void store_from(const Stage<T>& stage, T* weights, const T* bias, T* flat, Index part, Index parts) {
        const Layer& layer = stage.layer;
        each_run(stage, weights, part, parts,
                 [flat](const T* panels, Index place, Index count) { copy_run(flat + place, panels, count); });
        for (Index o = 0; o < bias_size(layer) && part == 0; ++o) flat[layer.inputs * layer.units + o] = bias[o];
    }

    // Calls f(input) for the inputs of a part: whole panels of them.
    template <class F>
    static void each_input(const Stage<T>& stage, Index part, Index parts, F f) {
        const Index inputs = stage.layer.inputs, all = panels<T>(inputs), end = all * (part + 1) / parts * PANEL<T>;
        for (Index i = all * part / parts * PANEL<T>; i < inputs && i < end; ++i) f(i);
    }

    // Calls f(panels, flat, count) for runs of weights that lie side by side in the panels and, from `flat` on, in the
    // flat parameters.
    template <class F>
    static void each_run(const Stage<T>& stage, T* weights, Index part, Index parts, F f) {
        const Index units = stage.layer.units, longest = stage.by_units ? 1 : PANEL<T>;
        each_input(stage, part, parts, [&](Index i) {
            for (Index o = 0; o < units; o += longest)
                f(stage.weight(weights, i, o), i * units + o, units - o < longest ? units - o : longest);
        });
    }

    static void turn(const Stage<T>& stage, Index part, Index parts) {
        constexpr Index W = PANEL<T>;
        const Matrix<T> weights{stage.weights.value, stage.panel_step};
        const Index inputs = stage.layer.inputs, units = stage.layer.units, all = panels<T>(inputs);
        for (Index row = all * part / parts * W, end = all * (part + 1) / parts * W; row < end; row += W)
            for (Index column = 0; column < units; column += W)
                turn_panel(weights, stage.turned, row, inputs - row < W ? inputs - row : W, column, units);
    }

    static void round(const Stage<T>& stage) {
        constexpr Index W = PANEL<T>;
        const Index rows = stage.by_units ? stage.layer.units : stage.layer.inputs;
        const Index columns = stage.by_units ? stage.layer.inputs : stage.layer.units;
        for (Index column = 0; column < columns; column += W)
            for (Index row = 0; row < rows; row += W)
                round_weights(stage, row, rows - row < W ? rows - row : W, column);
    }

    bool keeps_gradients_ = false;
    Index scale_flat_ = 0;  // where the scale stands in the flat vector
    void* block_ = nullptr;
};

}  // namespace clearprop::CLEARPROP_ISA
