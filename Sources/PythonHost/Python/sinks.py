"""Writes columns of events, batch by batch, to ROOT, Parquet, Arrow and HDF5 files."""

import itertools
import os
import threading

import awkward
import numpy

handles = {}
numbers = itertools.count(1)


class RootSink:
    """One TTree; jagged columns of one length get one counter branch: `Jet_pt` and `Jet_eta` are counted by `nJet`."""

    def __init__(self, path, tree):
        import uproot

        # ZLIB, which uproot takes by default, needs ten times as long for scores and packs them no smaller.
        self.part, self.tree, self.file = path, tree or "Events", uproot.recreate(path, compression=uproot.ZSTD(1))
        self.groups = None

    def append(self, columns):
        if self.groups is None:
            self.groups = self.collections(columns)
            types = {name: self.type(*columns[name]) for name in columns if not self.group(name)}
            for group, fields in self.groups.items():
                members = ", ".join(f'"{field}": {self.item(columns[name][0])}' for name, field in fields.items())
                types[group] = awkward.types.from_datashape(f"var * {{{members}}}", highlevel=False)
            counter = lambda name: f"{name}_count" if f"n{name}" in columns else f"n{name}"
            self.file.mktree(self.tree, types, counter_name=counter)
        arrays = {name: self.array(*columns[name]) for name in columns if not self.group(name)}
        for group, fields in self.groups.items():
            arrays[group] = awkward.zip({field: self.array(*columns[name]) for name, field in fields.items()})
        self.file[self.tree].extend(arrays)

    def collections(self, columns):
        """Collections whose jagged columns, named `Collection_field`, all have the same lengths in the first batch."""
        groups = {}
        for name, (values, offsets) in columns.items():
            group, _, field = name.partition("_")
            if offsets is not None and field and group not in columns and values.dtype != object:
                groups.setdefault(group, {})[name] = field
        return {
            group: fields for group, fields in groups.items()
            if len({columns[name][1].tobytes() for name in fields}) == 1
        }

    def group(self, name):
        return any(name in fields for fields in self.groups.values())

    @staticmethod
    def item(values):
        return "float32" if values.dtype == "f2" else values.dtype.name

    def type(self, values, offsets):
        if values.dtype == object:
            return "string"
        dtype = numpy.dtype(self.item(values))
        return numpy.dtype((dtype, values.shape[1:])) if offsets is None else f"var * {dtype.name}"

    def array(self, values, offsets):
        if values.dtype == object:
            return awkward.Array(values.tolist()) if len(values) else awkward.Array([""])[:0]
        values = values.astype("f4") if values.dtype == "f2" else values
        if offsets is None:
            return values
        return awkward.Array(awkward.contents.ListOffsetArray(awkward.index.Index64(offsets), awkward.contents.NumpyArray(values)))

    def close(self):
        self.file.close()


class NTupleSink(RootSink):
    """One RNTuple, a cluster for each batch."""

    def append(self, columns):
        arrays = {name: self.array(*column) for name, column in columns.items()}
        arrays = {name: array if isinstance(array, awkward.Array) else awkward.from_numpy(array) for name, array in arrays.items()}
        if self.groups is None:
            self.file.mkrntuple(self.tree, awkward.zip(arrays, depth_limit=1)[:0].layout.form)
            self.groups = {}
        if len(next(iter(arrays.values()))):
            self.file[self.tree].extend(arrays)


class ArrowSink:
    """An Arrow IPC file, a record batch for each batch."""

    def __init__(self, path, tree):
        self.part, self.writer = path, None

    def open(self, schema):
        import pyarrow.ipc

        return pyarrow.ipc.new_file(self.part, schema)

    def append(self, columns):
        import pyarrow

        arrays = {}
        for name, (values, offsets) in columns.items():
            array = pyarrow.array(values.ravel().tolist(), "string") if values.dtype == object else pyarrow.array(values.ravel())
            for size in reversed(values.shape[1:]):
                array = pyarrow.FixedSizeListArray.from_arrays(array, size)
            arrays[name] = array if offsets is None else pyarrow.LargeListArray.from_arrays(offsets, array)
        table = pyarrow.table(arrays)
        self.writer = self.writer or self.open(table.schema)
        self.writer.write_table(table)

    def close(self):
        if self.writer:
            self.writer.close()


class ParquetSink(ArrowSink):
    """A Parquet file, a row group for each batch."""

    def open(self, schema):
        import pyarrow.parquet

        return pyarrow.parquet.ParquetWriter(self.part, schema)


class HDF5Sink:
    """One dataset for each column; a jagged column `x` has its offsets in `x.offsets`."""

    def __init__(self, path, tree):
        import h5py

        # HDF5 2.0 would keep 8 MB of each dataset.
        self.part, self.file = path, h5py.File(path, "w", rdcc_nbytes=1 << 20)
        self.group = self.file.require_group(tree) if tree else self.file

    def append(self, columns):
        import h5py

        for name, (values, offsets) in columns.items():
            if "/" in name:
                raise Refusal(f"a dataset cannot be called '{name}'")
            kind = h5py.string_dtype() if values.dtype == object else values.dtype
            if offsets is not None:
                start = len(self.group[name]) if name in self.group else 0
                self.extend(name + ".offsets", offsets[1:] + start if name in self.group else offsets, numpy.dtype("i8"))
            self.extend(name, values, kind)

    def extend(self, name, values, kind):
        if name not in self.group:
            tail = values.shape[1:]
            self.group.create_dataset(name, (0, *tail), kind, maxshape=(None, *tail), chunks=(1 << 14, *tail))
        dataset = self.group[name]
        start = len(dataset)
        dataset.resize(start + len(values), axis=0)
        dataset[start:] = values

    def close(self):
        self.file.close()


SINKS = {
    ".root": RootSink, ".parquet": ParquetSink, ".pq": ParquetSink, ".arrow": ArrowSink, ".feather": ArrowSink, ".h5": HDF5Sink,
    ".hdf5": HDF5Sink,
}


def open_writer(path, tree, ntuple):
    """Writes beside the destination; only a complete file takes its name."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SINKS:
        raise Refusal(f"event files are written as {', '.join(SINKS)}, not '{suffix}'")
    sink = (NTupleSink if ntuple and suffix == ".root" else SINKS[suffix])(path + ".part", tree)
    sink.path, sink.lock, sink.types = path, threading.Lock(), None
    handle = next(numbers)
    handles[handle] = sink
    return handle


def append(handle, columns):
    sink = handles[handle]
    columns = {name: (column["values"], column["offsets"]) for name, column in columns.items()}
    types = {name: (str(values.dtype), values.shape[1:], offsets is None) for name, (values, offsets) in columns.items()}
    if sink.types not in (None, types):
        raise Refusal(f"columns {types} differ from those of the first batch, {sink.types}")
    with sink.lock:
        sink.append(columns)
        sink.types = types


def close_writer(handle, keeps):
    sink = handles.pop(handle)
    sink.close()
    if keeps and sink.types is None:
        raise Refusal("no batch was written")
    if keeps:
        os.replace(sink.part, sink.path)
    elif os.path.exists(sink.part):
        os.remove(sink.part)
