"""Reads columns of events in ROOT, Parquet, Arrow and HDF5 files as plain arrays with offsets."""

import bisect
import itertools
import threading

import awkward
import numpy

# About the bytes of a block of entries: small, as what is done with one goes on while the next is read. A file that cannot be cut
# there without unpacking parts twice may have larger ones, up to the limit.
BLOCK, LIMIT = 1 << 23, 1 << 25
handles = {}
numbers = itertools.count(1)


class Blocks:
    """Ranges of entries out of blocks: each part of a file is unpacked once when ranges follow each other.

    A source gives `count`, `keys`, `empty()` and `blocks(names, start)`, which yields (first, stop, arrays by name) from the block
    that holds `start` on.
    """

    names = None

    def layouts(self, names, start, stop):
        if start >= stop or not names:
            yield from ((name, array) for name, array in self.nothing.items() if name in names)
            return
        if names != self.names or not self.parts or not self.parts[0][0] <= start <= self.parts[-1][1]:
            self.names, self.stream, self.parts = names, self.blocks(names, start), []
        self.parts = [part for part in self.parts if part[1] > start]
        while not self.parts or self.parts[-1][1] < stop:
            part = next(self.stream, None)
            if part is None:
                raise Refusal(f"ends before entry {stop}, it is damaged")
            self.parts.append(part)
        for name in names:
            pieces = [
                arrays[name][max(start, first) - first : min(stop, end) - first] for first, end, arrays in self.parts if first < stop]
            yield name, pieces[0] if len(pieces) == 1 else awkward.concatenate(pieces)


class RootSource(Blocks):
    """A TTree or RNTuple, in blocks that end where baskets or clusters do."""

    def __init__(self, path, tree):
        import uproot

        options = {"array_cache": None, "object_cache": None}
        if "://" not in path and "handler" in uproot.open.defaults:
            # Plain reads of local files take less of the processor than those by fsspec.
            options |= {"handler": uproot.source.file.MultithreadedFileSource, "num_workers": 1}
        self.file = uproot.open({path: None}, **options)
        kinds = self.file.classnames(recursive=True, cycle=False)
        trees = [name for name, kind in kinds.items() if kind in ("TTree", "TNtuple", "TNtupleD", "TChain", "ROOT::RNTuple")]
        if tree is None and len(trees) != 1:
            raise Refusal(f"the file holds {len(trees)} trees ({', '.join(trees)}), the tree has to be named")
        if tree is not None and tree not in trees:
            raise Refusal(f"no tree '{tree}', the file holds: {', '.join(trees) or 'none'}")
        self.tree = tree or trees[0]
        self.object = self.file[self.tree]
        self.count = int(self.object.num_entries)
        self.clustered = kinds[self.tree] == "ROOT::RNTuple"
        if self.clustered:
            self.keys = {name: name for name in self.object.keys(recursive=False)}
            return
        paths = [path for path, branch in self.object.iteritems(recursive=True) if not branch.branches]
        short = [path.rsplit("/", 1)[-1] for path in paths]
        self.keys = {path if short.count(name) > 1 else name: path for name, path in zip(short, paths)}

    def edges(self, branches):
        """Where blocks may end without a basket or cluster being unpacked twice, and how many entries fill a block."""
        if self.clustered:
            return [cluster.num_first_entry for cluster in self.object.cluster_summaries] + [self.count], BLOCK // 256
        size = sum(branch.uncompressed_bytes for branch in branches) or 1
        common = set.intersection(*(set(branch.entry_offsets) for branch in branches))
        return sorted(common | {self.count}), max(1, BLOCK * self.count // size)

    def blocks(self, names, start):
        branches = {name: self.object[self.keys[name]] for name in names}
        edges, filling = self.edges(branches.values())
        while start < self.count:
            following = bisect.bisect_right(edges, start)
            last = max(following, bisect.bisect_right(edges, start + filling) - 1)
            stop = int(edges[last])
            if not self.clustered:
                stop = min(stop, start + filling * (LIMIT // BLOCK))
            yield start, stop, {
                name: branch.array(entry_start=start, entry_stop=stop, library="ak") for name, branch in branches.items()}
            start = stop

    def empty(self):
        # At the end, as uproot unpacks the first basket of a TTree for nothing at its start.
        end = 0 if self.clustered else self.count
        for name in self.keys:
            branch = self.object[self.keys[name]]
            try:
                yield name, branch.array(entry_start=end, entry_stop=end, library="ak")
            except Exception as error:
                yield name, f"{branch.typename}: {error}".splitlines()[0][:200]


class ArrowColumns(Blocks):
    """Columns that Arrow reads."""

    tree = None

    def arrays(self, batch, names):
        return {name: awkward.from_arrow(batch.column(name)) for name in names}

    def empty(self):
        table = self.schema.empty_table()
        for name in self.keys:
            try:
                yield name, awkward.from_arrow(table.column(name))
            except Exception as error:
                yield name, f"{self.schema.field(name).type}: {error}".splitlines()[0][:200]


class ParquetSource(ArrowColumns):
    """A Parquet file, whose row groups are read page by page."""

    def __init__(self, path, tree):
        import pyarrow.parquet

        self.file = pyarrow.parquet.ParquetFile(path, buffer_size=1 << 20)
        self.schema, self.count = self.file.schema_arrow, self.file.metadata.num_rows
        groups = range(self.file.metadata.num_row_groups)
        self.ends = list(itertools.accumulate(self.file.metadata.row_group(index).num_rows for index in groups))
        self.keys = {name: name for name in self.schema.names}

    def blocks(self, names, start):
        group = bisect.bisect_right(self.ends, start)
        first = self.ends[group - 1] if group else 0
        groups = list(range(group, len(self.ends)))
        for batch in self.file.iter_batches(batch_size=1 << 16, row_groups=groups, columns=list(names)):
            stop = first + batch.num_rows
            if stop > start:
                yield first, stop, self.arrays(batch, names)
            first = stop


class ArrowSource(ArrowColumns):
    """An Arrow IPC file (Feather version 2), record batch by record batch."""

    def __init__(self, path, tree):
        self.path = path
        file = self.open([0])
        self.ends = list(itertools.accumulate(file.get_batch(index).num_rows for index in range(file.num_record_batches)))
        self.schema, self.count = self.open(None).schema, self.ends[-1] if self.ends else 0
        self.keys = {name: name for name in self.schema.names}

    def open(self, fields):
        import pyarrow
        import pyarrow.ipc

        options = pyarrow.ipc.IpcReadOptions(included_fields=fields)
        return pyarrow.ipc.open_file(pyarrow.OSFile(self.path), options=options)

    def blocks(self, names, start):
        file = self.open([self.schema.get_field_index(name) for name in names])
        for index in range(bisect.bisect_right(self.ends, start), len(self.ends)):
            first = self.ends[index - 1] if index else 0
            yield first, self.ends[index], self.arrays(file.get_batch(index), names)


class HDF5Source(Blocks):
    """Datasets of one length in one group: plain ones, tables of fields, and jagged ones.

    Jagged are `x` with `x.offsets`, datasets of variable length, and tables of two dimensions with a field `valid`, as those that
    ATLAS makes for flavour tagging.
    """

    def __init__(self, path, tree):
        import h5py

        # File systems of clusters often have no locks, and a lock outlives its file in processes that were started meanwhile.
        # HDF5 2.0 would keep 8 MB of each dataset.
        self.file, self.tree = h5py.File(path, "r", locking=False, rdcc_nbytes=1 << 20), tree
        place = self.file
        if tree is not None:
            if tree not in self.file:
                raise Refusal(f"no group or dataset '{tree}', the file holds: {', '.join(self.file) or 'nothing'}")
            place = self.file[tree]
        length = len(place) if isinstance(place, h5py.Dataset) and place.shape else None
        place = place.parent if isinstance(place, h5py.Dataset) else place
        if "pandas_type" in place.attrs or any("pandas_type" in item.attrs for item in place.values()):
            raise Refusal("the table was written by pandas.DataFrame.to_hdf, which only pandas reads; write it to Parquet instead")
        self.keys, self.unreadable, lengths = {}, {}, {}
        for name, item in place.items():
            base = name.removesuffix(".offsets")
            if base != name and base in place:
                continue
            found = self.describe(h5py, name, item, place.get(name + ".offsets"))
            if isinstance(found, str):
                self.unreadable[name] = found
                continue
            count, columns = found
            if length is not None and count != length:
                self.unreadable[name] = f"it has {count} entries, '{tree}' has {length}"
            else:
                lengths[name] = count
                self.keys.update(columns)
        if len(set(lengths.values())) > 1:
            kinds = ", ".join(f"{name} {count}" for name, count in lengths.items())
            raise Refusal(f"the datasets differ in length ({kinds}), the group or dataset with the events has to be named")
        self.count = length if length is not None else next(iter(lengths.values()), 0)

    def describe(self, h5py, name, item, offsets):
        """The number of entries of a dataset and its columns as (way, dataset, field), or why it cannot be read."""
        if not isinstance(item, h5py.Dataset):
            return "a group, which has to be named to be read"
        if not item.shape:
            return "a single value"
        length, kind = len(item), item.dtype
        if kind.names:
            if item.ndim > 2 or item.ndim == 2 and kind.fields.get("valid", (None,))[0] != numpy.bool_:
                return f"a table of shape {item.shape} without a field 'valid' of booleans"
            fields = [field for field in kind.names if item.ndim == 1 or field != "valid"]
            return length, {f"{name}.{field}": ("rows" if item.ndim == 1 else "padded", item, field) for field in fields}
        if h5py.check_string_dtype(kind):
            return (length, {name: ("text", item, None)}) if item.ndim == 1 else f"text of shape {item.shape}"
        inner = h5py.check_vlen_dtype(kind)
        if inner is not None:
            readable = item.ndim == 1 and numpy.dtype(inner).kind in "biuf"
            return (length, {name: ("lists", item, inner)}) if readable else f"lists of {inner} in shape {item.shape}"
        if kind.kind not in "biuf":
            return f"{kind}"
        if offsets is None:
            return length, {name: ("plain", item, None)}
        if item.ndim > 1 or offsets.ndim != 1 or offsets.dtype.kind not in "iu" or len(offsets) == 0:
            return f"'{name}.offsets' does not cut it into entries"
        return len(offsets) - 1, {name: ("jagged", item, offsets)}

    def arrays(self, names, start, stop):
        tables = {}
        for name in names:
            way, item, field = self.keys[name]
            if way in ("rows", "padded"):
                tables.setdefault(item.name, (item, []))[1].append(field)
        parts = {}
        for key, (item, fields) in tables.items():
            extra = ["valid"] if item.ndim == 2 else []
            parts[key] = item.fields(sorted(set(fields)) + extra)[start:stop]
        return {name: self.array(name, parts, start, stop) for name in names}

    def array(self, name, parts, start, stop):
        way, item, extra = self.keys[name]
        if way == "rows":
            return native(parts[item.name][extra])
        if way == "padded":
            mask = parts[item.name]["valid"]
            return lists(parts[item.name][extra][mask], mask.sum(axis=1))
        if way == "lists":
            found = item[start:stop]
            return lists(numpy.concatenate([numpy.empty(0, extra), *found]).astype(extra), [len(entry) for entry in found])
        if way == "text":
            return awkward.from_iter(item.asstr()[start:stop].tolist()) if stop > start else awkward.Array([""])[:0]
        if way == "plain":
            return native(item[start:stop])
        bounds = extra[start : stop + 1].astype("i8")
        if (start == 0 and bounds[0] != 0) or (numpy.diff(bounds) < 0).any() or not 0 <= bounds[-1] <= len(item):
            raise Refusal(f"'{name}.offsets' does not cut '{name}' into events")
        return lists(item[bounds[0] : bounds[-1]], numpy.diff(bounds))

    def blocks(self, names, start):
        filling = max(1, BLOCK // sum(self.width(name) for name in names))
        while start < self.count:
            stop = min(start + filling, self.count)
            yield start, stop, self.arrays(names, start, stop)
            start = stop

    def width(self, name):
        """About the bytes of an entry."""
        way, item, extra = self.keys[name]
        if way == "jagged":
            return 1 + item.nbytes // max(1, self.count)
        return 256 if way in ("lists", "text") else max(1, item.nbytes // max(1, len(item)))

    def empty(self):
        yield from self.unreadable.items()
        for name in self.keys:
            try:
                array = self.arrays([name], 0, 0)[name]
                yield name, array if isinstance(array, awkward.Array) else awkward.from_numpy(array)
            except Exception as error:
                yield name, f"{self.keys[name][1].dtype}: {error}".splitlines()[0][:200]


def native(values):
    """Numbers in the byte order of the machine, one after another."""
    return awkward.from_numpy(numpy.ascontiguousarray(values, values.dtype.newbyteorder("=")))


def lists(values, counts):
    offsets = numpy.concatenate([[0], numpy.cumsum(counts)]).astype("i8")
    values = numpy.ascontiguousarray(values, values.dtype.newbyteorder("="))
    return awkward.Array(awkward.contents.ListOffsetArray(awkward.index.Index64(offsets), awkward.contents.NumpyArray(values)))


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


def kind(path):
    """Finds the class for a file by its first bytes; what is not local is a ROOT file."""
    if "://" in path:
        return RootSource
    try:
        with open(path, "rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise OSError(error.errno, error.strerror) from None
    known = {b"root": RootSource, b"PAR1": ParquetSource, b"ARROW1": ArrowSource, b"\x89HDF\r\n\x1a\n": HDF5Source}
    for start, source in known.items():
        if magic.startswith(start):
            return source
    if magic.startswith(b"FEA1"):
        raise Refusal("it is Feather of version 1; write it anew with pyarrow.feather.write_feather")
    if magic.startswith(b"\xff\xff\xff\xff"):
        raise Refusal("it is an Arrow stream, which has to be read from its start; write it with pyarrow.ipc.new_file")
    raise Refusal(f"neither a ROOT, Parquet, Arrow nor HDF5 file, it starts with {magic[:4]!r}")


def open_reader(path, tree):
    source = kind(path)(path, tree)
    source.lock = threading.Lock()
    source.roots, source.nothing, columns, unreadable = {}, {}, [], []
    for root, array in source.empty():
        source.nothing[root] = array
        found = [(root, array, None)] if isinstance(array, str) else leaves(root, array.layout)
        for name, values, offsets in found:
            if isinstance(values, str):
                unreadable.append({"name": name, "type": values})
            else:
                source.roots[name] = root
                columns.append({"name": name, "empty": values, "jagged": offsets is not None})
    handle = next(numbers)
    handles[handle] = source
    return {"handle": handle, "tree": source.tree, "count": source.count, "columns": columns, "unreadable": unreadable}


def read(handle, names, start, stop):
    source = handles[handle]
    roots = tuple(dict.fromkeys(source.roots[name] for name in names))
    found = {}
    with source.lock:
        for root, array in source.layouts(roots, start, stop):
            layout = array.layout if array.layout.is_numpy else array.layout.to_packed()
            for name, values, offsets in leaves(root, layout):
                found[name] = {"values": values, "offsets": offsets}
    return {name: found[name] for name in names}


def close_reader(handle):
    handles.pop(handle, None)
