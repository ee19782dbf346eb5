/**
 * The objects that a statement names, and what it does to each. The kind of the statement decides: PostgreSQL's grammar says at which place
 * of each statement the name of an object stands. A kind that is not in the table below names nothing that it changes; the test
 * `every kind of statement` holds that the table is complete.
 */
import { fieldsOf, listOf, nodeOf, partsOf, stringOf, walk, type Fields, type Tree } from './grammar.ts'
import { nameInOption } from './option-names.ts'

/** Names of one class cannot be used twice in a schema; a relation, an index and a type cannot have the same name either. */
export type ObjectClass =
  | 'relation'
  | 'index'
  | 'type'
  | 'routine'
  | 'operator'
  | 'collation'
  | 'conversion'
  | 'statistics'
  | 'operator class'
  | 'text search'

/** `write` changes the rows of a table; `change` everything else about an object that exists. */
type Use = 'create' | 'drop' | 'change' | 'write' | 'refer'

export interface Mention {
  readonly class: ObjectClass
  /** Undefined where the search path decides. */
  readonly schema: string | undefined
  readonly name: string
  readonly use: Use
}

/** All objects that a statement names. What it only refers to comes last. */
export function mentionsOf(statement: Tree): Mention[] {
  const node = nodeOf(statement)
  const ofKind = node === undefined ? [] : (byStatement[node[0]]?.(node[1]) ?? [])
  return [...ofKind, ...mentionsInside(statement)]
}

type Targets = (fields: Fields) => readonly (Mention | undefined)[]

const byStatement: Readonly<Record<string, (fields: Fields) => Mention[]>> = Object.fromEntries(
  Object.entries({
    // Tables and what belongs to them.
    CreateStmt: (at) => [relation(at['relation'], 'create'), ...relations(at['inhRelations'], 'change')],
    CreateForeignTableStmt: (at) => {
      const base = (at['base'] ?? {}) as Fields
      return [relation(base['relation'], 'create'), ...relations(base['inhRelations'], 'change')]
    },
    CreateTableAsStmt: (at) => [relation((at['into'] as Fields | undefined)?.['rel'], 'create')],
    IndexStmt: (at) => [indexOf(at), relation(at['relation'], 'change')],
    // Without a schema, OR REPLACE replaces only what is in the first schema of the path.
    ViewStmt: (at) => [relation(at['view'], 'create')],
    CreateSeqStmt: (at) => [relation(at['sequence'], 'create')],
    AlterSeqStmt: (at) => [relation(at['sequence'], 'change')],
    AlterTableStmt: (at) => [relation(at['relation'], 'change'), ...listOf(at['cmds']).flatMap(otherTable)],
    RefreshMatViewStmt: (at) => [relation(at['relation'], 'change')],
    TruncateStmt: (at) => relations(at['relations'], 'change'),
    ClusterStmt: (at) => [relation(at['relation'], 'change')],
    ReindexStmt: (at) => [relation(at['relation'], 'change')],
    VacuumStmt: (at) => listOf(at['rels']).map((rel) => relation(fieldsOf(rel, 'VacuumRelation')?.['relation'], 'change')),
    CreateTrigStmt: (at) => [relation(at['relation'], 'change')],
    RuleStmt: (at) => [relation(at['relation'], 'change')],
    CreatePolicyStmt: (at) => [relation(at['table'], 'change')],
    AlterPolicyStmt: (at) => [relation(at['table'], 'change')],
    CreateStatsStmt: (at) => [named('statistics', at['defnames'], 'create'), ...relations(at['relations'], 'change')],
    AlterStatsStmt: (at) => [named('statistics', at['defnames'], 'change')],
    // Types, routines, and the rest that a schema holds.
    CompositeTypeStmt: (at) => [relation(at['typevar'], 'create'), asType(relation(at['typevar'], 'create'))],
    CreateEnumStmt: (at) => [named('type', at['typeName'], 'create')],
    CreateRangeStmt: (at) => [named('type', at['typeName'], 'create')],
    CreateDomainStmt: (at) => [named('type', at['domainname'], 'create')],
    AlterEnumStmt: (at) => [named('type', at['typeName'], 'change')],
    AlterDomainStmt: (at) => [named('type', at['typeName'], 'change')],
    AlterTypeStmt: (at) => [named('type', at['typeName'], 'change')],
    CreateFunctionStmt: (at) => [named('routine', at['funcname'], 'create')],
    AlterFunctionStmt: (at) => [object('routine', at['func'], 'change')],
    DefineStmt: (at) => [named(classOf(at['kind']), at['defnames'], 'create')],
    AlterOperatorStmt: (at) => [object('operator', at['opername'], 'change')],
    CreateOpClassStmt: (at) => [named('operator class', at['opclassname'], 'create')],
    CreateOpFamilyStmt: (at) => [named('operator class', at['opfamilyname'], 'create')],
    AlterOpFamilyStmt: (at) => [named('operator class', at['opfamilyname'], 'change')],
    CreateConversionStmt: (at) => [named('conversion', at['conversion_name'], 'create')],
    AlterCollationStmt: (at) => [named('collation', at['collname'], 'change')],
    AlterTSDictionaryStmt: (at) => [named('text search', at['dictname'], 'change')],
    AlterTSConfigurationStmt: (at) => [named('text search', at['cfgname'], 'change')],
    // Statements for objects of any kind.
    DropStmt: (at) => listOf(at['objects']).map((one) => objectOf(at['removeType'], one, 'drop')),
    CommentStmt: (at) => [objectOf(at['objtype'], at['object'], 'change')],
    SecLabelStmt: (at) => [objectOf(at['objtype'], at['object'], 'change')],
    AlterOwnerStmt: (at) => [objectOf(at['objectType'], at['object'], 'change')],
    AlterObjectSchemaStmt: (at) => [relation(at['relation'], 'drop') ?? objectOf(at['objectType'], at['object'], 'drop')],
    AlterObjectDependsStmt: (at) => [relation(at['relation'], 'change') ?? objectOf(at['objectType'], at['object'], 'change')],
    GrantStmt: (at) =>
      at['targtype'] === 'ACL_TARGET_OBJECT' ? listOf(at['objects']).map((one) => objectOf(at['objtype'], one, 'change')) : [],
    RenameStmt: renamed,
  } satisfies Record<string, Targets>).map(([kind, targets]) => [
    kind,
    (fields: Fields) => (targets as Targets)(fields).filter((mention) => mention !== undefined),
  ]),
)

/** The kinds of statements at whose places names stand that they create or change. */
export const statementsWithTargets: readonly string[] = Object.keys(byStatement)

/** A rename takes one name away and makes another, unless it is about a part of the object. */
function renamed(at: Fields): (Mention | undefined)[] {
  const old = relation(at['relation'], 'change') ?? objectOf(at['renameType'], at['object'], 'change')
  const isPart = at['subname'] !== undefined && at['renameType'] !== 'OBJECT_TABCONSTRAINT'
  if (old === undefined || isPart || typeof at['newname'] !== 'string') return [old]
  // The index of a constraint has the name of the constraint.
  if (at['renameType'] === 'OBJECT_TABCONSTRAINT') return [old, own('index', at['newname'])]
  const of = at['renameType'] === 'OBJECT_INDEX' ? 'index' : old.class
  return [{ ...old, use: 'drop' }, own(of, at['newname']), old]
}

/**
 * What may stand anywhere in a statement: changes of rows, the indexes of constraints, the sequences of columns, and names that are only referred
 * to. Each once, without the names of WITH.
 */
function mentionsInside(statement: Tree): Mention[] {
  const [changes, references] = [new Mentions(), new Mentions()]
  const common = new Set<unknown>()
  walk(statement, (kind, at) => {
    if (kind === 'CommonTableExpr') common.add(at['ctename'])
    changedBy[kind]?.(at, changes)
    referredBy[kind]?.(at, references)
  })
  return [...changes.all, ...references.all].filter(({ schema, name }) => schema !== undefined || !common.has(name))
}

class Mentions {
  readonly all: Mention[] = []
  readonly #seen = new Set<string>()

  add(mention: Mention | undefined): void {
    if (mention === undefined) return
    const key = `${mention.class} ${mention.use} ${mention.schema ?? ''}.${mention.name}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.all.push(mention)
  }
}

type Collect = (at: Fields, into: Mentions) => void

const writes: Collect = (at, into) => into.add(relation(at['relation'], 'write'))

const changedBy: Readonly<Record<string, Collect>> = {
  InsertStmt: writes,
  UpdateStmt: writes,
  DeleteStmt: writes,
  MergeStmt: writes,
  CopyStmt: (at, into) => into.add(at['is_from'] === true ? relation(at['relation'], 'write') : undefined),
  LockStmt: (at, into) => relations(at['relations'], 'write').forEach((one) => into.add(one)),
  IntoClause: (at, into) => into.add(relation(at['rel'], 'create')),
  SelectStmt: (at, into) => into.add(relation((at['intoClause'] as Fields | undefined)?.['rel'], 'create')),
  Constraint: (at, into) => madeByConstraint(at).forEach((one) => into.add(one)),
}

const referredBy: Readonly<Record<string, Collect>> = {
  RangeVar: (at, into) => into.add(relation(at, 'refer')),
  TypeName: (at, into) => into.add(at['pct_type'] === true ? columnOf(at['names']) : named('type', at['names'], 'refer')),
  FuncCall: (at, into) => into.add(named('routine', at['funcname'], 'refer')),
  ObjectWithArgs: (at, into) => into.add(named('routine', at['objname'], 'refer')),
  CollateClause: (at, into) => into.add(named('collation', at['collname'], 'refer')),
  A_Expr: (at, into) => into.add(named('operator', at['name'], 'refer')),
  CreateTrigStmt: (at, into) => into.add(named('routine', at['funcname'], 'refer')),
  ColumnRef: (at, into) => into.add(listOf(at['fields']).length > 2 ? columnOf(at['fields'], 2) : undefined),
  DefElem: (at, into) => into.add(inOption(at)),
  // In front of what it holds, where every name is that of a function.
  CreateOpClassItem: (at, into) =>
    into.add(at['itemtype'] === operatorItem ? object('operator', at['name'], 'refer') : undefined),
  IndexElem: (at, into) => into.add(named('operator class', at['opclass'], 'refer')),
  PartitionElem: (at, into) => into.add(named('operator class', at['opclass'], 'refer')),
}

const operatorItem = 1

function inOption(at: Fields): Mention | undefined {
  if (at['defname'] === 'owned_by') return columnOf(at['arg'])
  const option = nameInOption(at)
  return option && fromParts(option.class, option.parts, 'refer')
}

function madeByConstraint(at: Fields): (Mention | undefined)[] {
  const isIndex = /^CONSTR_(?:PRIMARY|UNIQUE|EXCLUSION)$/.test(String(at['contype']))
  const index = isIndex && typeof at['conname'] === 'string' ? ([own('index', at['conname'])] as const) : []
  const sequences = listOf(at['options']).flatMap((option) => {
    const { defname, arg } = fieldsOf(option, 'DefElem') ?? {}
    return defname === 'sequence_name' ? [named('relation', arg, 'create')] : []
  })
  return [...index, ...sequences]
}

/** A table that ALTER TABLE changes besides its own: a parent, or a partition. */
function otherTable(command: Tree): (Mention | undefined)[] {
  const { subtype, def } = fieldsOf(command, 'AlterTableCmd') ?? {}
  if (subtype === 'AT_AddInherit' || subtype === 'AT_DropInherit') return [relation(fieldsOf(def, 'RangeVar'), 'change')]
  return [relation(fieldsOf(def, 'PartitionCmd')?.['name'], 'change')]
}

/** It comes into the schema of its table. */
function indexOf(at: Fields): Mention | undefined {
  return typeof at['idxname'] === 'string' ? own('index', at['idxname']) : undefined
}

function relation(value: unknown, use: Use): Mention | undefined {
  const at = value as Fields | undefined
  if (typeof at?.['relname'] !== 'string') return undefined
  // A temporary table is in no schema of the tenant.
  if (at['relpersistence'] === 't' && use === 'create') return undefined
  const schema = typeof at['schemaname'] === 'string' ? at['schemaname'] : undefined
  return { class: 'relation', schema, name: at['relname'], use }
}

function relations(value: unknown, use: Use): (Mention | undefined)[] {
  return listOf(value).map((item) => relation(fieldsOf(item, 'RangeVar'), use))
}

function named(of: ObjectClass, value: unknown, use: Use): Mention | undefined {
  return fromParts(of, partsOf(value), use)
}

function object(of: ObjectClass, value: unknown, use: Use): Mention | undefined {
  return named(of, (value as Fields | undefined)?.['objname'], use)
}

function own(of: ObjectClass, name: string): Mention {
  return { class: of, schema: undefined, name, use: 'create' }
}

function asType(mention: Mention | undefined): Mention | undefined {
  return mention && { ...mention, class: 'type' }
}

/** The relation of a qualified column: the column is the last part, or with `relationAt` a row may stand behind it. */
function columnOf(value: unknown, relationAt?: number): Mention | undefined {
  const parts = partsOf(value)
  return fromParts('relation', parts.slice(0, relationAt ?? -1), 'refer')
}

function fromParts(of: ObjectClass, parts: readonly string[], use: Use): Mention | undefined {
  const name = parts.at(-1)
  return name === undefined ? undefined : { class: of, schema: parts.at(-2), name, use }
}

/** The object of a statement that is about objects of any kind. A part of a table, e.g. a trigger, stands for the table. */
function objectOf(kind: unknown, value: unknown, use: Use): Mention | undefined {
  const of = classOf(kind)
  const asRelation = relation(fieldsOf(value, 'RangeVar'), use)
  if (asRelation !== undefined) return asRelation
  const withArguments = fieldsOf(value, 'ObjectWithArgs')
  if (withArguments !== undefined) return object(of, withArguments, use)
  const typeName = fieldsOf(value, 'TypeName')
  if (typeName !== undefined) return named(of, typeName['names'], use)
  if (partsOfTables.has(String(kind))) return fromParts('relation', partsOf(value).slice(0, -1), use === 'drop' ? 'change' : use)
  if (kind === 'OBJECT_DOMCONSTRAINT') return objectOf('OBJECT_DOMAIN', listOf(value)[0], use === 'drop' ? 'change' : use)
  if (outsideOfSchemas.has(String(kind))) return undefined
  // CREATE OPERATOR CLASS names its access method first.
  const parts = /^OBJECT_OP(?:CLASS|FAMILY)$/.test(String(kind)) ? partsOf(value).slice(1) : partsOf(value)
  const only = stringOf(value)
  return fromParts(of, only === undefined ? parts : [only], use)
}

const partsOfTables = new Set(['OBJECT_COLUMN', 'OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE', 'OBJECT_TABCONSTRAINT'])

/** Objects that are in no schema; database-wide.ts refuses them. */
export const outsideOfSchemas: ReadonlySet<string> = new Set(
  (
    'ACCESS_METHOD CAST DATABASE EVENT_TRIGGER EXTENSION FDW FOREIGN_SERVER LANGUAGE LARGEOBJECT PARAMETER_ACL PUBLICATION PUBLICATION_NAMESPACE ' +
    'PUBLICATION_REL ROLE SCHEMA SUBSCRIPTION TABLESPACE TRANSFORM USER_MAPPING DEFACL'
  )
    .split(' ')
    .map((kind) => `OBJECT_${kind}`),
)

function classOf(kind: unknown): ObjectClass {
  const known =
    /^OBJECT_(?:(TYPE|DOMAIN|DOMCONSTRAINT|ATTRIBUTE)|(FUNCTION|PROCEDURE|ROUTINE|AGGREGATE)|(OPERATOR)|(COLLATION)|(CONVERSION)|(STATISTIC_EXT)|(OPCLASS|OPFAMILY)|(TS\w+))$/.exec(
      String(kind),
    )
  const classes = [
    'type',
    'routine',
    'operator',
    'collation',
    'conversion',
    'statistics',
    'operator class',
    'text search',
  ] as const
  return classes.find((_, index) => known?.[index + 1] !== undefined) ?? 'relation'
}
