/**
 * Tables with their columns, and the checks that rows must satisfy. A partition is made as a table of its own and attached then: so its columns
 * keep their order, and its constraints their names.
 */
import { identifier } from '../../names/identifier.ts'
import type { Blueprint, Column, Constraint, Relation } from '../blueprint.ts'
import { columnByColumn, isMadeAtOnce, unusedName } from './column-by-column.ts'
import { columnSettings, columnSql } from './columns.ts'
import { isWithTable, kindOfConstraint } from './constraints.ts'
import { isNotNullAbove, parentsOf } from './parents.ts'
import type { Rendering, Unit } from './rendered-schema.ts'
import { keyOf, ownName, partsOfName } from './sql-names.ts'
import { foreignOptions, storageParameters } from './storage-parameters.ts'

const tableKinds: ReadonlySet<string> = new Set(['table', 'partitioned table', 'foreign table'])

export function tableUnits(blueprint: Blueprint, rendering: Rendering): Unit[] {
  return blueprint.relations
    .filter(({ kind }) => tableKinds.has(kind))
    .flatMap((relation) => new Table(relation, blueprint, rendering).units())
}

class Table {
  readonly #relation: Relation
  readonly #relations: ReadonlyMap<string, Relation>
  readonly #blueprint: Blueprint
  readonly #rendering: Rendering
  readonly #name: string
  readonly #key: string

  constructor(relation: Relation, blueprint: Blueprint, rendering: Rendering) {
    this.#relation = relation
    this.#relations = rendering.relations
    this.#blueprint = blueprint
    this.#rendering = rendering
    this.#name = identifier(relation.name)
    this.#key = keyOf('relation', relation.name)
  }

  units(): Unit[] {
    const { columns } = this.#relation
    const later = this.#isSplit ? [...this.#laterDefaults(), ...this.#laterChecks()] : []
    const partKeys = [
      ...columns.filter((column) => this.#isInside(column)).map(({ name }) => keyOf('default', this.#relation.name, name)),
      ...this.#constraintsInside().map(({ name }) => keyOf('constraint', this.#relation.name, name)),
    ]
    const statements = [...this.#made(), ...this.#differentNotNull(), ...this.#differentDefaults(), ...this.#settings()]
    const made: Unit = { keys: [this.#key, ...partKeys], statements, tier: 'table', isForRows: true }
    return [made, ...later, ...this.#attach()]
  }

  get #isSplit(): boolean {
    return this.#rendering.split.has(this.#key)
  }

  get #isPartition(): boolean {
    return this.#relation.partitionBound !== null
  }

  /** Parents are named when the table is made, unless all its columns are its own: then in another order, perhaps. */
  get #inheritsAtOnce(): boolean {
    const { parents, columns } = this.#relation
    return parents.length > 0 && !this.#isPartition && columns.some(({ local }) => !local)
  }

  #made(): string[] {
    if (this.#isByColumn) return this.#columnByColumn()
    const parts = [...this.#columns(), ...this.#constraintsInside().map((one) => this.#constraint(one))]
    return [this.#create(parts, this.#inheritsAtOnce ? this.#relation.parents : []), ...this.#inherit()]
  }

  get #isByColumn(): boolean {
    if (this.#inheritsAtOnce) return !isMadeAtOnce(this.#relation, parentsOf(this.#relation, this.#relations))
    const { constraints, parents } = this.#relation
    const isFromParent = (one: Constraint) => !one.local && isWithTable(one) && this.#hasFromParent(this.#relation, one)
    return parents.length > 0 && !this.#isPartition && constraints.some(isFromParent)
  }

  #columnByColumn(): string[] {
    const inside = this.#constraintsInside()
    return columnByColumn(
      {
        relation: this.#relation,
        ownConstraints: inside,
        inheritedConstraints: this.#relation.constraints.filter(
          (one) => isWithTable(one) && this.#hasFromParent(this.#relation, one),
        ),
        column: (column) => this.#column(column)!,
        columnOfParent: (column) =>
          columnSql(
            { ...column, foreignOptions: [] },
            {
              ofType: false,
              withDefault: column.generated !== null,
              withNotNull: this.#hasPlainNotNull(column),
              sequence: undefined,
            },
          )!,
        create: (parts, parent) => this.#create(parts, [parent]),
      },
      unusedName({ ...this.#blueprint, relations: [...this.#relations.values()] }),
    )
  }

  /** Whether a table has the constraint when it is made. One that a parent gets later is inherited then. */
  #hasAtOnce(relation: Relation, constraint: Constraint): boolean {
    if (!isWithTable(constraint)) return false
    const isLater = this.#rendering.split.has(keyOf('relation', relation.name))
    if (constraint.local) return !isLater || kindOfConstraint(constraint.definition) !== 'check'
    return this.#hasFromParent(relation, constraint)
  }

  #hasFromParent(relation: Relation, { name, inherited }: Constraint): boolean {
    if (inherited === 0) return false
    const parents = parentsOf(relation, this.#relations)
    const ofOthers = parents.length < relation.parents.length
    return (
      ofOthers || parents.some((parent) => parent.constraints.some((one) => one.name === name && this.#hasAtOnce(parent, one)))
    )
  }

  #create(parts: readonly string[], parents: readonly string[]): string {
    const { persistence, ofType, partitionKey, accessMethod, tablespace, server, kind } = this.#relation
    const brackets = ofType !== null && parts.length === 0 ? '' : ` (${parts.map((part) => `\n  ${part}`).join(',')}\n)`
    const options = [storageParameters(this.#relation.options), storageParameters(this.#relation.toastOptions, 'toast.')].filter(
      (text) => text !== '',
    )
    return [
      `create ${persistence === 'unlogged' ? 'unlogged ' : ''}${kind === 'foreign table' ? 'foreign ' : ''}table ${this.#name}`,
      ...(ofType === null ? [] : [` of ${ofType}`]),
      brackets,
      ...(parents.length === 0 ? [] : [` inherits (${parents.join(', ')})`]),
      ...(partitionKey === null ? [] : [` partition by ${partitionKey}`]),
      ...(server === null ? [] : [` server ${identifier(server)}`]),
      ...(this.#relation.foreignOptions.length === 0 ? [] : [` options (${foreignOptions(this.#relation.foreignOptions)})`]),
      ...(accessMethod === null ? [] : [` using ${identifier(accessMethod)}`]),
      ...(options.length === 0 ? [] : [` with (${options.join(', ')})`]),
      ...(tablespace === null ? [] : [` tablespace ${identifier(tablespace)}`]),
    ].join('')
  }

  #columns(): string[] {
    const isNamed = (column: Column) => (this.#inheritsAtOnce ? column.local : true)
    return this.#relation.columns.filter(isNamed).flatMap((column) => {
      const written = this.#column(column)
      return written === undefined ? [] : [written]
    })
  }

  #column(column: Column): string | undefined {
    return columnSql(column, {
      ofType: this.#relation.ofType !== null,
      withDefault: this.#isInside(column),
      withNotNull: this.#hasPlainNotNull(column),
      sequence: this.#sequenceOf(column),
    })
  }

  /** A generated column cannot come later; any other default can. */
  #isInside(column: Column): boolean {
    return column.default !== null && (!this.#isSplit || column.generated !== null)
  }

  /** Since PostgreSQL 18 NOT NULL is a constraint with a name. */
  #hasPlainNotNull(column: Column): boolean {
    const isNotNull = column.notNull || isNotNullAbove(column, this.#relation, this.#relations)
    return isNotNull && this.#rendering.serverMajor < 18 && this.#sequenceOf(column) === undefined
  }

  /** A partition gets its identity columns from the table that it is attached to. */
  #sequenceOf(column: Column): Blueprint['sequences'][number] | undefined {
    if (column.identity === null || (this.#isPartition && this.#rendering.serverMajor >= 17)) return undefined
    return this.#blueprint.sequences.find(
      ({ isIdentity, ownedBy }) => isIdentity && isColumn(ownedBy, this.#relation.name, column.name),
    )
  }

  #constraintsInside(): Constraint[] {
    return this.#relation.constraints.filter(
      (constraint) =>
        isWithTable(constraint) &&
        (constraint.local || this.#isPartition) &&
        !(this.#isSplit && kindOfConstraint(constraint.definition) === 'check'),
    )
  }

  #constraint({ name, definition }: Constraint): string {
    return `constraint ${identifier(name)} ${definition}`
  }

  #inherit(): string[] {
    if (this.#inheritsAtOnce || this.#isPartition) return []
    return this.#relation.parents.map((parent) => `alter table ${this.#name} inherit ${parent}`)
  }

  /** Before PostgreSQL 18 a child may differ from its parents, but cannot be made so. */
  #differentNotNull(): string[] {
    if (this.#rendering.serverMajor >= 18 || this.#isPartition) return []
    return this.#relation.columns
      .filter((column) => column.inherited > 0 && column.notNull !== isNotNullAbove(column, this.#relation, this.#relations))
      .map(
        ({ name, notNull }) =>
          `alter table only ${this.#name} alter column ${identifier(name)} ${notNull ? 'set' : 'drop'} not null`,
      )
  }

  /** Inherited columns take the defaults of the parent; these have other ones. */
  #differentDefaults(): string[] {
    if (!this.#inheritsAtOnce || this.#isSplit) return []
    return this.#relation.columns
      .filter(
        ({ local, inherited, identity, generated, default: own }) =>
          inherited > 0 && identity === null && generated === null && (!local || own === null),
      )
      .flatMap((column) => {
        const known = this.#isByColumn ? [null] : this.#defaultOfParents(column.name)
        return known.every((one) => one === column.default) ? [] : [this.#setDefault(column)]
      })
  }

  #defaultOfParents(column: string): (string | null)[] {
    return parentsOf(this.#relation, this.#relations).flatMap((parent) =>
      parent.columns.filter(({ name }) => name === column).map((one) => one.default),
    )
  }

  #setDefault({ name, default: fallback }: Column): string {
    const action = fallback === null ? 'drop default' : `set default ${fallback}`
    return `alter table only ${this.#name} alter column ${identifier(name)} ${action}`
  }

  #laterDefaults(): Unit[] {
    return this.#relation.columns
      .filter((column) => column.default !== null && column.generated === null)
      .map((column) => ({
        keys: [keyOf('default', this.#relation.name, column.name)],
        statements: [this.#setDefault(column)],
        tier: 'column default',
        needs: [this.#key],
      }))
  }

  #laterChecks(): Unit[] {
    return this.#relation.constraints
      .filter((one) => isWithTable(one) && kindOfConstraint(one.definition) === 'check' && (one.local || this.#isPartition))
      .map((constraint) => ({
        keys: [keyOf('constraint', this.#relation.name, constraint.name)],
        statements: [`alter table ${this.#isPartition ? 'only ' : ''}${this.#name} add ${this.#constraint(constraint)}`],
        tier: 'column default',
        needs: [this.#key],
      }))
  }

  #settings(): string[] {
    return this.#relation.columns.flatMap((column) => [
      ...columnSettings(`table only ${this.#name}`, column),
      ...(this.#inheritsAtOnce && !column.local ? this.#foreignOptions(column) : []),
    ])
  }

  /** CREATE FOREIGN TABLE says them only of the columns that it names. */
  #foreignOptions({ name, foreignOptions: options }: Column): string[] {
    if (options.length === 0) return []
    return [`alter foreign table ${this.#name} alter column ${identifier(name)} options (${foreignOptions(options)})`]
  }

  #attach(): Unit[] {
    const { parents, partitionBound, constraints, columns } = this.#relation
    if (!this.#isPartition) return []
    const ownParts = [
      ...constraints.filter(isWithTable).map(({ name }) => keyOf('constraint', this.#relation.name, name)),
      ...columns.filter((column) => column.default !== null).map(({ name }) => keyOf('default', this.#relation.name, name)),
    ]
    return [
      {
        keys: [],
        statements: [`alter table only ${parents[0]!} attach partition ${this.#name} ${partitionBound!}`],
        tier: 'attachment',
        needs: [this.#key, keyOf('relation', ownName(parents[0]!) ?? ''), ...ownParts],
        isForRows: true,
      },
    ]
  }
}

function isColumn(ownedBy: string | null, table: string, column: string): boolean {
  const [ofTable, name] = partsOfName(ownedBy ?? '')
  return ofTable === table && name === column
}
