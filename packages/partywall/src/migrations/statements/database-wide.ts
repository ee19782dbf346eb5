/**
 * Objects that belong to no schema, or to all of them: extensions, roles, publications, event triggers, settings of the database … A migration
 * of a tenant would make them for the first tenant, and fail for the second one, or change something of every tenant.
 */
import { fieldsOf, listOf, nodeOf, partsOf, stringOf, type Fields, type Tree } from './grammar.ts'
import { outsideOfSchemas } from './mentions.ts'

export interface DatabaseWide {
  /** What the statement does, e.g. `create publication`. */
  readonly what: string
  /** The extensions that it is about; undefined when it is about anything else. */
  readonly extensions?: readonly string[] | undefined
  /** The schemas that it is about, as in GRANT … ON ALL TABLES IN SCHEMA. */
  readonly schemas?: readonly string[] | undefined
  /** The way that the object is made fit for a tenant, where there is one. */
  readonly advice?: string | undefined
}

/** What a statement does outside of the schema of a tenant, because of its kind; undefined for the other kinds. */
export function databaseWide(statement: Tree): DatabaseWide | undefined {
  const [kind, at] = nodeOf(statement) ?? []
  if (kind === undefined || at === undefined) return undefined
  const what = always[kind]
  if (what !== undefined) return { what }
  return sometimes[kind]?.(at)
}

/** Statements that are about more than one tenant whatever they name. */
const always: Readonly<Record<string, string>> = {
  CreateCastStmt: 'create cast',
  CreateTransformStmt: 'create transform',
  CreatePLangStmt: 'create language',
  CreateAmStmt: 'create access method',
  CreateEventTrigStmt: 'create event trigger',
  AlterEventTrigStmt: 'alter event trigger',
  CreatePublicationStmt: 'create publication',
  AlterPublicationStmt: 'alter publication',
  CreateSubscriptionStmt: 'create subscription',
  AlterSubscriptionStmt: 'alter subscription',
  DropSubscriptionStmt: 'drop subscription',
  CreateFdwStmt: 'create foreign data wrapper',
  AlterFdwStmt: 'alter foreign data wrapper',
  CreateForeignServerStmt: 'create server',
  AlterForeignServerStmt: 'alter server',
  CreateUserMappingStmt: 'create user mapping',
  AlterUserMappingStmt: 'alter user mapping',
  DropUserMappingStmt: 'drop user mapping',
  ImportForeignSchemaStmt: 'import foreign schema',
  CreateRoleStmt: 'create role',
  AlterRoleStmt: 'alter role',
  AlterRoleSetStmt: 'alter role … set',
  DropRoleStmt: 'drop role',
  GrantRoleStmt: 'grant of a role',
  ReassignOwnedStmt: 'reassign owned',
  DropOwnedStmt: 'drop owned',
  CreatedbStmt: 'create database',
  DropdbStmt: 'drop database',
  AlterDatabaseStmt: 'alter database',
  AlterDatabaseSetStmt: 'alter database … set',
  AlterDatabaseRefreshCollStmt: 'alter database … refresh collation version',
  CreateTableSpaceStmt: 'create tablespace',
  DropTableSpaceStmt: 'drop tablespace',
  AlterTableSpaceOptionsStmt: 'alter tablespace',
  AlterTableMoveAllStmt: 'alter table all in tablespace',
  AlterSystemStmt: 'alter system',
  CheckPointStmt: 'checkpoint',
  LoadStmt: 'load',
}

const sometimes: Readonly<Record<string, (at: Fields) => DatabaseWide | undefined>> = {
  CreateExtensionStmt: (at) => extension('create extension', at),
  AlterExtensionStmt: (at) => extension('alter extension', at),
  AlterExtensionContentsStmt: (at) => extension('alter extension', at),
  CreateSchemaStmt: (at) => schema('create schema', [at['schemaname']]),
  DropStmt: (at) => ofKind('drop', at['removeType'], listOf(at['objects'])),
  CommentStmt: (at) => ofKind('comment on', at['objtype'], [at['object']]),
  SecLabelStmt: (at) => ofKind('security label on', at['objtype'], [at['object']]),
  AlterOwnerStmt: (at) => ofKind('alter owner of', at['objectType'], [at['object']]),
  RenameStmt: (at) =>
    at['renameType'] === 'OBJECT_SCHEMA'
      ? schema('alter schema', [at['subname']])
      : ofKind('alter', at['renameType'], [at['object']]),
  AlterObjectSchemaStmt: (at) =>
    ofKind('alter', at['objectType'], [at['object']]) ?? schema('alter … set schema', [at['newschema']]),
  AlterObjectDependsStmt: (at) => ofKind('alter', at['objectType'], [at['object']]),
  GrantStmt: (at) => grant(at),
  AlterDefaultPrivilegesStmt: (at) => defaultPrivileges(at),
  ReindexStmt: (at) => {
    const kind = String(at['kind'])
    if (kind === 'REINDEX_OBJECT_SCHEMA') return schema('reindex schema', [at['name']])
    return /SYSTEM|DATABASE/.test(kind) ? { what: kind.includes('SYSTEM') ? 'reindex system' : 'reindex database' } : undefined
  },
  VacuumStmt: (at) =>
    listOf(at['rels']).length === 0
      ? { what: at['is_vacuumcmd'] === true ? 'vacuum without a table' : 'analyze without a table' }
      : undefined,
  ClusterStmt: (at) => (at['relation'] === undefined ? { what: 'cluster without a table' } : undefined),
}

function extension(what: string, at: Fields): DatabaseWide {
  return { what, extensions: [String(at['extname'])] }
}

function schema(what: string, names: readonly unknown[]): DatabaseWide {
  return { what, schemas: names.map(String) }
}

function ofKind(verb: string, kind: unknown, objects: readonly unknown[]): DatabaseWide | undefined {
  if (!outsideOfSchemas.has(String(kind))) return undefined
  const what = `${verb} ${String(kind).replace('OBJECT_', '').replaceAll('_', ' ').toLowerCase()}`
  const names = objects.flatMap((object) => stringOf(object) ?? partsOf(object).at(-1) ?? [])
  if (kind === 'OBJECT_EXTENSION') return { what, extensions: names }
  return kind === 'OBJECT_SCHEMA' ? { what, schemas: names } : { what }
}

function grant(at: Fields): DatabaseWide | undefined {
  const verb = at['is_grant'] === true ? 'grant' : 'revoke'
  const objects = listOf(at['objects'])
  if (at['targtype'] === 'ACL_TARGET_ALL_IN_SCHEMA') return schema(`${verb} on all … in schema`, objects.map(stringOf))
  return ofKind(`${verb} on`, at['objtype'], objects)
}

function defaultPrivileges(at: Fields): DatabaseWide {
  const what = 'alter default privileges'
  const schemas = listOf(at['options']).flatMap((option) => {
    const { defname, arg } = fieldsOf(option, 'DefElem') ?? {}
    return defname === 'schemas' ? partsOf(arg) : []
  })
  return schemas.length === 0 ? { what } : { what, schemas }
}

export const alwaysDatabaseWide: readonly string[] = Object.keys(always)
export const sometimesDatabaseWide: readonly string[] = Object.keys(sometimes)
