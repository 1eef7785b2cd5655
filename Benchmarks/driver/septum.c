/* Septum through its C interface. */
#include "../../Sources/CBinding/C/include/septum.h"

#include "engine.h"

static septum_tensor given[MAX_PORTS], made[MAX_PORTS];
static int inputs_given, outputs_made;
static septum_context *context;
static __typeof__(septum_run) *run_model;
static __typeof__(septum_last_error) *last_error;
static __typeof__(septum_model_load) *load;
static __typeof__(septum_context_create_threaded) *create;
static __typeof__(septum_model_output_count) *output_count;

static void check(septum_status status) {
    if (status != SEPTUM_OK) fail("Septum: %s", last_error());
}

static void library(const char *path) {
    void *handle = open_library(path);
    run_model = symbol(handle, "septum_run");
    last_error = symbol(handle, "septum_last_error");
    load = symbol(handle, "septum_model_load");
    create = symbol(handle, "septum_context_create_threaded");
    output_count = symbol(handle, "septum_model_output_count");
}

static void open(const char *path, int threads, tensor *inputs, int input_count) {
    septum_model *model;
    check(load(path, &model));
    check(create(model, threads, &context));
    outputs_made = output_count(model);
    if (outputs_made > MAX_PORTS) fail("the model has %d outputs", outputs_made);
    inputs_given = input_count;
    for (int i = 0; i < input_count; i++)
        given[i] = (septum_tensor){inputs[i].data, inputs[i].type, inputs[i].rank, inputs[i].dims, NULL};
}

static void run(void) { check(run_model(context, given, inputs_given, made, outputs_made)); }

static int outputs(tensor *found) {
    for (int i = 0; i < outputs_made; i++) {
        found[i].type = made[i].type;
        found[i].rank = made[i].rank;
        if (made[i].rank > MAX_RANK) fail("an output has rank %d", made[i].rank);
        for (int axis = 0; axis < made[i].rank; axis++) found[i].dims[axis] = made[i].dims[axis];
        found[i].data = (void *)made[i].data;
    }
    return outputs_made;
}

const engine septum_engine = {"septum", open, run, outputs, library};
