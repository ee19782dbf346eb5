/** How a control inside a `UiField` gets its label, its hint and its error without saying so. */
import { computed, inject, onBeforeUnmount, provide, useId } from 'vue'
import type { ComputedRef, InjectionKey } from 'vue'

interface Field {
  readonly id: string
  readonly describedBy: ComputedRef<string | undefined>
  readonly invalid: ComputedRef<boolean>
  readonly required: ComputedRef<boolean>
  /** One control has the field's id; a second one in the same field would make the id ambiguous. */
  claim(): boolean
  release(): void
}

const key: InjectionKey<Field> = Symbol('UiField')

export function provideField(parts: Omit<Field, 'claim' | 'release'>): void {
  let claimed = false
  provide(key, {
    ...parts,
    claim: () => !claimed && (claimed = true),
    release: () => (claimed = false),
  })
}

/**
 * What a control may be told by its parent; what is left out comes from the field around it. Each control writes these out in its
 * `defineProps`: the compiler of components reads an imported type by TypeScript's file system, which TypeScript 7 no longer has.
 */
interface ControlProps {
  id?: string | undefined
  describedBy?: string | undefined
  invalid?: boolean | undefined
}

/** The attributes that tie a control to the field around it, if there is one. */
export function useControl(props: ControlProps) {
  const field = inject(key, undefined)
  const own = useId()
  const isClaimed = field !== undefined && props.id === undefined && field.claim()
  if (isClaimed) onBeforeUnmount(() => field.release())
  return computed(() => {
    const mine = field !== undefined && (isClaimed || props.id === field.id) ? field : undefined
    return {
      id: props.id ?? mine?.id ?? own,
      'aria-describedby': props.describedBy ?? mine?.describedBy.value,
      'aria-invalid': (props.invalid === true || mine?.invalid.value === true ? 'true' : undefined) as 'true' | undefined,
      'aria-required': (mine?.required.value === true ? 'true' : undefined) as 'true' | undefined,
    }
  })
}
