"""Reads and writes columns of events in ROOT and Parquet files as plain arrays with offsets."""

import itertools
import os
import threading

import awkward
import numpy

handles = {}
numbers = itertools.count(1)


def keep(thing):
    handle = next(numbers)
    handles[handle] = thing
    return handle


class RootSource:
    """A TTree or RNTuple."""

    def __init__(self, path, tree):
        import uproot

        self.file = uproot.open({path: None}, array_cache=None, object_cache=None)
        kinds = self.file.classnames(recursive=True, cycle=False)
        trees = [name for name, kind in kinds.items() if kind in ("TTree", "TNtuple", "TNtupleD", "TChain", "ROOT::RNTuple")]
        if tree is None and len(trees) != 1:
            raise Refusal(f"the file holds {len(trees)} trees ({', '.join(trees)}), the tree has to be named")
        if tree is not None and tree not in trees:
            raise Refusal(f"no tree '{tree}', the file holds: {', '.join(trees) or 'none'}")
        self.tree = tree or trees[0]
        self.object = self.file[self.tree]
        self.count = int(self.object.num_entries)
        if kinds[self.tree] == "ROOT::RNTuple":
            self.keys = {name: name for name in self.object.keys(recursive=False)}
            return
        paths = [path for path, branch in self.object.iteritems(recursive=True) if not branch.branches]
        short = [path.rsplit("/", 1)[-1] for path in paths]
        self.keys = {path if short.count(name) > 1 else name: path for name, path in zip(short, paths)}

    def layouts(self, names, start, stop):
        for name in names:
            yield name, self.object[self.keys[name]].array(entry_start=start, entry_stop=stop, library="ak")

    def empty(self):
        for name in self.keys:
            try:
                yield from self.layouts([name], 0, 0)
            except Exception as error:
                yield name, f"{self.object[self.keys[name]].typename}: {error}".splitlines()[0][:200]


class ParquetSource:
    """A Parquet file; the row groups read last are kept for the next batch."""

    def __init__(self, path, tree):
        import pyarrow.parquet

        self.file = pyarrow.parquet.ParquetFile(path, memory_map=True)
        self.tree = None
        self.count = self.file.metadata.num_rows
        groups = range(self.file.metadata.num_row_groups)
        self.ends = numpy.cumsum([self.file.metadata.row_group(index).num_rows for index in groups], dtype=numpy.int64)
        self.keys = {name: name for name in self.file.schema_arrow.names}
        self.kept = (None, None)

    def layouts(self, names, start, stop):
        first = int(numpy.searchsorted(self.ends, start, "right"))
        last = int(numpy.searchsorted(self.ends, stop, "left")) if stop > start else first - 1
        wanted = (first, last, tuple(names))
        if self.kept[0] != wanted:
            self.kept = (wanted, self.file.read_row_groups(list(range(first, last + 1)), columns=list(names)))
        offset = int(self.ends[first - 1]) if first else 0
        table = self.kept[1].slice(start - offset, stop - start)
        for name in names:
            yield name, awkward.from_arrow(table.column(name).combine_chunks())

    def empty(self):
        table = self.file.schema_arrow.empty_table()
        for name in self.keys:
            try:
                yield name, awkward.from_arrow(table.column(name))
            except Exception as error:
                yield name, f"{self.file.schema_arrow.field(name).type}: {error}".splitlines()[0][:200]


def without_nulls(name, layout):
    """Nulls among floats become NaN, as pandas writes NaN as null; elsewhere they are refused."""
    array = awkward.Array(layout)
    nulls = awkward.to_numpy(awkward.is_none(array))
    if not nulls.any():
        return awkward.drop_none(array, axis=0).layout
    content = layout.content
    if not (content.is_numpy and content.dtype.kind == "f"):
        raise Refusal(f"column '{name}' holds a null at position {int(nulls.argmax())}, only numbers of float type may be null")
    return awkward.contents.NumpyArray(awkward.to_numpy(array, allow_missing=True).filled(numpy.nan))


def leaves(name, layout, offsets=None):
    """Yields (name, values, offsets) of every column below a layout; values is text when it cannot be read."""
    if layout.is_option:
        layout = without_nulls(name, layout)
    if layout.is_indexed:
        layout = layout.project()
    kind = layout.parameter("__array__")
    if kind in ("string", "bytestring"):
        strings = [item if isinstance(item, str) else item.decode() for item in awkward.to_list(layout)]
        yield name, numpy.array(strings, dtype=object), offsets
    elif layout.is_record and layout.fields:
        for field in layout.fields:
            yield from leaves(f"{name}.{field}", layout.content(field)[: len(layout)], offsets)
    elif layout.is_list and not layout.is_regular and offsets is None:
        layout = layout.to_ListOffsetArray64(True)
        starts = numpy.asarray(layout.offsets.data)
        yield from leaves(name, layout.content[: starts[-1]], starts)
    elif layout.is_numpy and layout.dtype.kind in "biuf":
        yield name, numpy.asarray(layout.data), offsets
    elif layout.is_regular:
        for _, values, _ in leaves(name, layout.content[: len(layout) * layout.size], numpy.zeros(1)):
            shaped = isinstance(values, numpy.ndarray) and values.dtype != object
            yield name, values.reshape((len(layout), layout.size) + values.shape[1:]) if shaped else f"{layout.form.type}", offsets
    else:
        yield name, f"{layout.form.type}", offsets


def kind(path, kinds):
    """Finds the class for a file by its first bytes; what is not local is a ROOT file."""
    if "://" in path:
        return kinds[b"root"]
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise OSError(error.errno, error.strerror) from None
    if magic not in kinds:
        raise Refusal(f"neither a ROOT nor a Parquet file, it starts with {magic!r}")
    return kinds[magic]


def open_reader(path, tree):
    source = kind(path, {b"root": RootSource, b"PAR1": ParquetSource})(path, tree)
    source.lock = threading.Lock()
    source.roots, columns, unreadable = {}, [], []
    for root, array in source.empty():
        found = [(root, array, None)] if isinstance(array, str) else leaves(root, array.layout)
        for name, values, offsets in found:
            if isinstance(values, str):
                unreadable.append({"name": name, "type": values})
            else:
                source.roots[name] = root
                columns.append({"name": name, "empty": values, "jagged": offsets is not None})
    return {"handle": keep(source), "tree": source.tree, "count": source.count, "columns": columns, "unreadable": unreadable}


def read(handle, names, start, stop):
    source = handles[handle]
    roots = list(dict.fromkeys(source.roots[name] for name in names))
    found = {}
    with source.lock:
        for root, array in source.layouts(roots, start, stop):
            for name, values, offsets in leaves(root, array.layout.to_packed()):
                found[name] = {"values": values, "offsets": offsets}
    return {name: found[name] for name in names}


class RootSink:
    """One TTree; jagged columns of one length get one counter branch: `Jet_pt` and `Jet_eta` are counted by `nJet`."""

    def __init__(self, path, tree):
        import uproot

        self.part, self.tree, self.file = path, tree, uproot.recreate(path)
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


class ParquetSink:
    """One row group for each batch."""

    def __init__(self, path, tree):
        self.part, self.writer = path, None

    def append(self, columns):
        import pyarrow
        import pyarrow.parquet

        arrays = {}
        for name, (values, offsets) in columns.items():
            array = pyarrow.array(values.ravel().tolist(), "string") if values.dtype == object else pyarrow.array(values.ravel())
            for size in reversed(values.shape[1:]):
                array = pyarrow.FixedSizeListArray.from_arrays(array, size)
            arrays[name] = array if offsets is None else pyarrow.LargeListArray.from_arrays(offsets, array)
        table = pyarrow.table(arrays)
        self.writer = self.writer or pyarrow.parquet.ParquetWriter(self.part, table.schema)
        self.writer.write_table(table)

    def close(self):
        if self.writer:
            self.writer.close()


def open_writer(path, tree):
    """Writes beside the destination; only a complete file takes its name."""
    kinds = {".root": RootSink, ".parquet": ParquetSink, ".pq": ParquetSink}
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in kinds:
        raise Refusal(f"event files are written as {', '.join(kinds)}, not '{suffix}'")
    sink = kinds[suffix](path + ".part", tree)
    sink.path, sink.lock, sink.types = path, threading.Lock(), None
    return keep(sink)


def append(handle, columns):
    sink = handles[handle]
    columns = {name: (column["values"], column["offsets"]) for name, column in columns.items()}
    types = {name: (str(values.dtype), values.shape[1:], offsets is None) for name, (values, offsets) in columns.items()}
    if sink.types not in (None, types):
        raise Refusal(f"columns {types} differ from those of the first batch, {sink.types}")
    with sink.lock:
        sink.append(columns)
        sink.types = types


def close_reader(handle):
    handles.pop(handle, None)


def close_writer(handle, keeps):
    sink = handles.pop(handle)
    sink.close()
    if keeps and sink.types is None:
        raise Refusal("no batch was written")
    if keeps:
        os.replace(sink.part, sink.path)
    elif os.path.exists(sink.part):
        os.remove(sink.part)
