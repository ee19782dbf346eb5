/**
 * Edits of a tenant that the corpus of blueprints does not have: each with the differences that must be reported. Those of one group do not touch
 * each other. `{schema}` is the tenant's schema.
 */
import { silentEdits } from '../blueprint/edits.ts'

type Edit = readonly [edit: string, differences: readonly string[]]

/** Where an edit of the corpus names its schema. */
const schemaOfCorpus = /\b(?<=schema |search_path = )copy\b/g

/** Who owns an object is left to the doctor. */
const ofTheDoctor = (difference: string): boolean => difference.endsWith(' owner')

const more: readonly (readonly Edit[])[] = [
  [
    ['alter table customers alter column id set increment by 7', ['sequence customers_id_seq: increment']],
    ['alter table customers alter column id restart with 100 set maxvalue 5000', ['sequence customers_id_seq: maximum']],
    ['drop type span; create type span as range (subtype = bigint)', ['range span: operatorClass', 'range span: subtype']],
    ['alter domain positive set default 5', ['domain positive: default']],
    [
      'drop trigger touch_customers on customers; create trigger touch_customers before update on customers for each row execute function touch($$now$$)',
      ['trigger customers.touch_customers: definition'],
    ],
    ['drop rule no_delete on base', ['rule base.no_delete: missing']],
    ['alter table partywall_migrations add column note text', ['schema : historyColumns']],
    [
      'alter table orders validate constraint total_positive; alter index orders_open rename to orders_opened',
      ['index orders.orders_open: missing', 'index orders.orders_opened: extra'],
    ],
    ['grant insert on customers to pg_read_all_data', ['table customers: privileges']],
    ['drop table child', ['table child: missing']],
    ['drop view open_orders', ['view open_orders: missing']],
    ['drop function latest()', ['function latest(): missing']],
    [
      'alter table orders drop column doubled, add column doubled numeric generated always as (total * 3) stored',
      ['column orders.doubled: default', 'table orders: columns'],
    ],
  ],
]

export const driftEdits: readonly (readonly Edit[])[] = [...silentEdits, ...more]

export function editOf([edit]: Edit, schema: string): string {
  return edit.replaceAll(schemaOfCorpus, schema)
}

/** Of a group, as they are reported. */
export function expectedOf(group: readonly Edit[], major: number): string[] {
  return (
    group
      // So is what its owner may do.
      .filter(([edit]) => edit !== 'revoke delete on orders from current_user')
      .flatMap(([, differences]) => differences)
      .filter((difference) => !ofTheDoctor(difference))
      .filter((difference) => major >= 18 || !difference.includes('_not_null: '))
      .toSorted()
  )
}
