"""
SQL that is built once and used for every request: for the few statements of the busiest path.

Django builds the text of a statement anew each time, which costs more than running it (measured:
a joined look-up 0.9 ms of 1.1 ms). Nothing else changes: fields convert their values, and what
comes back are the same model instances.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from threading import local
from types import NoneType
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init

from core.postgresql.trips import Answer, Values

_Model = TypeVar("_Model", bound=models.Model)

_KEPT_SHAPES: Final = 16


def insert(record: models.Model, *, unless_taken: bool = False) -> bool:
    """
    Write a new row; return whether it was. Columns with a default of the database get that default.

    With ``unless_taken`` a row that would break a uniqueness is not written, and the transaction goes
    on; whoever is just writing such a row is waited for.

    :raises IntegrityError: when the row breaks a constraint
    """
    session = _session()
    held = record.__dict__
    values = [
        value
        if type(value := held.get(name)) in plain
        else field.get_db_prep_save(field.pre_save(record, add=True), session)
        for name, plain, field in _prepared(type(record))
    ]
    # What has no value need not be sent.
    sql = _insertion(type(record), tuple([value is not None for value in values]), unless_taken)
    given = [value for value in values if value is not None]
    if unless_taken:
        if not session.carry(sql, given).count:
            return False
    else:
        session.carry(sql, given, later=session.is_gathering)
    record._state.adding = False  # noqa: SLF001 - what Model.save() does
    record._state.db = session.alias  # noqa: SLF001
    return True


def execute(sql: str, values: Values) -> Answer:
    """
    Execute a statement and return what it found. Its text is kept prepared, so it should be one of few.

    :raises DatabaseError: when the server refuses it
    """
    answer: Answer = _session().carry(sql, values)
    return answer


def require(sql: str, values: Values, otherwise: Callable[[], Exception]) -> None:
    """Execute a statement that must find or write a row, or ``otherwise()`` is raised."""
    session = _session()
    session.carry(sql, values, later=session.is_gathering, otherwise=otherwise)


def execute_with_commit(sql: str, values: Values) -> None:
    """
    Execute the last statement of a transaction: it travels with the commit, which fails when it does.

    Anything else that is executed before the commit comes after it nevertheless.
    """
    _session().carry(sql, values, later=True)


@contextmanager
def in_one_trip() -> Iterator[None]:
    """
    Send what ``insert`` and ``require`` are given within as one, when the block ends; what fails is raised there.

    For statements that do not need one another's answers: waiting for the server takes as long as its work.
    """
    session = _session()
    if session.is_gathering:
        yield
        return
    session.settle()
    session.is_gathering = True
    try:
        yield
    except BaseException:
        session.forget()
        raise
    finally:
        session.is_gathering = False
    session.settle()


class Prepared(Generic[_Model]):
    """
    A query by given values, compiled once per thread and shape.

    ``build`` gets a stand-in for each value, and after them what the shape depends on; it returns the query,
    which has no other parameters::

        newest = Prepared(lambda owner, limit: Invoice.objects.filter(merchant_id=owner)[:limit], UUID(int=0))
        newest.rows(merchant.pk, shape=(20,))

    A stand-in is a value that is nowhere else in the query. Of the shapes the latest few are kept.
    """

    def __init__(self, build: Callable[..., models.QuerySet[_Model]], *stand_ins: object) -> None:
        self._build = build
        self._stand_ins = stand_ins
        self._compiled = local()

    def rows(self, *values: Any, shape: tuple[Hashable, ...] = ()) -> list[_Model]:
        """Return what the query finds."""
        kept: dict[Any, _Compiled] = self._compiled.__dict__
        compiled = kept.get(shape)
        if compiled is None or compiled.connection is not _session():
            compiled = _Compiled(self._build(*self._stand_ins, *shape), self._stand_ins)
            if len(kept) >= _KEPT_SHAPES:
                del kept[next(iter(kept))]
            kept[shape] = compiled
        return compiled.read(values)


class Lookup(Generic[_Model]):
    """
    A query for one row by one value, compiled once per thread.

    ``build`` gets a stand-in for the value and returns the query, which has no other parameter::

        by_hash = Lookup(lambda value: APIKey.objects.select_related("merchant").filter(key_hash=value), "a hash")
    """

    def __init__(self, build: Callable[[Any], models.QuerySet[_Model]], stand_in: object) -> None:
        self._prepared = Prepared(build, stand_in)

    def __call__(self, value: str | UUID) -> _Model | None:
        """Return the row, or None."""
        return next(iter(self._prepared.rows(value)), None)


class _Compiled:
    def __init__(self, queryset: models.QuerySet[Any], stand_ins: tuple[object, ...]) -> None:
        compiler = queryset.query.get_compiler(using=connection.alias)
        self.connection = compiler.connection
        self._sql, parameters = compiler.as_sql()
        if set(parameters) - set(stand_ins):
            raise ValueError("a prepared query has no parameters but its values")
        self._places = [stand_ins.index(parameter) for parameter in parameters]
        self._compiler = compiler
        self._main = _Part(compiler.klass_info, compiler.select)
        self._converters = compiler.get_converters([expression[0] for expression in compiler.select])
        self._annotations = list(compiler.annotation_col_map.items())

    def read(self, values: tuple[Any, ...]) -> list[Any]:
        found = execute(self._sql, [values[place] for place in self._places]).rows
        rows: Iterator[Any] = self._compiler.apply_converters([list(row) for row in found], self._converters)
        return [self._instance(row) for row in rows]

    def _instance(self, row: list[Any]) -> Any:
        made = self._main.of(row)
        for name, column in self._annotations:
            setattr(made, name, row[column])
        return made


class _Part:
    """
    The columns of a row that are one model's, and the models that are joined to it.

    Makes the same instance as ``Model.from_db`` without asking each field, which costs more than the query.
    """

    def __init__(self, info: Any, select: Any) -> None:
        self._model = info["model"]
        columns = info["select_fields"]
        self._first, self._last = columns[0], columns[-1] + 1
        self._names = [expression[0].target.attname for expression in select[self._first : self._last]]
        self._key = self._first + self._names.index(self._model._meta.pk.attname)  # noqa: SLF001 - documented
        if pre_init.has_listeners(self._model) or post_init.has_listeners(self._model):
            raise ValueError("somebody wants to hear of each instance of this model")
        self._joined = [
            (_Part(each, select), each["local_setter"], each["remote_setter"])
            for each in info.get("related_klass_infos", ())
        ]

    def of(self, row: list[Any]) -> Any:
        """Return the instance in ``row``, None when an outer join found none."""
        if row[self._key] is None:
            return None
        made = self._model.__new__(self._model)
        state = made._state = ModelState()  # noqa: SLF001 - what Model.__init__() does
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        made.__dict__.update(zip(self._names, row[self._first : self._last], strict=True))
        for part, set_here, set_there in self._joined:
            related = part.of(row)
            set_here(made, related)
            if related is not None:
                set_there(related, made)
        return made


# Of these fields a value of these types goes to the driver as it is, and asking each field costs as much as the
# statement. A field that sets itself (``auto_now``) needs asking; none of ours does.
_PLAIN: Final[dict[type, frozenset[type]]] = {
    models.CharField: frozenset({str, NoneType}),
    models.TextField: frozenset({str, NoneType}),
    models.BooleanField: frozenset({bool, NoneType}),
    models.UUIDField: frozenset({UUID, NoneType}),
    models.ForeignKey: frozenset({UUID, NoneType}),
    models.DateTimeField: frozenset({datetime, NoneType}),
    models.DecimalField: frozenset({Decimal, NoneType}),
    models.PositiveIntegerField: frozenset({int, NoneType}),
}


@lru_cache
def _prepared(model: type[models.Model]) -> list[tuple[str, frozenset[type], Any]]:
    """Return for each written field its attribute, the types that need no preparing, and the field."""
    return [(field.attname, _PLAIN.get(type(field), frozenset()), field) for field in _written(model)]


@lru_cache
def _written(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.has_db_default()]  # noqa: SLF001 - documented


@lru_cache
def _insertion(model: type[models.Model], given: tuple[bool, ...], unless_taken: bool) -> str:
    quote = connection.ops.quote_name
    columns = [quote(field.column) for field, has_value in zip(_written(model), given, strict=True) if has_value]
    places = ", ".join(["%s"] * len(columns))
    table = quote(model._meta.db_table)  # noqa: SLF001 - Django's documented way to a model's table
    told = " ON CONFLICT DO NOTHING" if unless_taken else ""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}){told}"  # noqa: S608 - our own tables


def _session() -> Any:
    """Return the connection itself: what stands for it is asked anew for each of its attributes."""
    return connections[DEFAULT_DB_ALIAS]
