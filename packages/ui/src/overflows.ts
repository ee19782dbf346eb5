/** Whether an element has more content than it shows. */
import { onBeforeUnmount, onMounted, ref } from 'vue'
import type { Ref, ShallowRef } from 'vue'

/** True where the content is wider than the element: then the keyboard has to be able to scroll it. */
export function useOverflows(element: Readonly<ShallowRef<HTMLElement | null>>): Ref<boolean> {
  const overflows = ref(false)
  let observer: ResizeObserver | undefined
  onMounted(() => {
    const box = element.value
    if (box === null) return
    observer = new ResizeObserver(() => {
      overflows.value = box.scrollWidth > box.clientWidth
    })
    observer.observe(box)
    for (const child of box.children) observer.observe(child)
  })
  onBeforeUnmount(() => observer?.disconnect())
  return overflows
}
