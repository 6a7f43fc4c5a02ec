// What several scenes of a tab have in common, such as the prompt: typed in one of them, it is there in the next.

/** @type {Map<string, {scenes: Set<any>, values: Record<string, any>}>} */
const families = new Map();

/**
 * Join the scenes of a tab.
 * @param {string} tab
 * @param {any} scene hears of what others choose by `scene.adopt(changes)`, also of what was chosen before it came
 * @param {readonly string[]} names what it has in common with others
 * @returns {(changes: Record<string, any>) => void} tells the others
 */
export function share(tab, scene, names) {
  const family = families.get(tab) ?? { scenes: new Set(), values: {} };
  families.set(tab, family);
  family.scenes.add(scene);
  const common = (changes) => Object.fromEntries(Object.entries(changes).filter(([name]) => names.includes(name)));
  scene.adopt(common(family.values));
  return (changes) => {
    const told = common(changes);
    Object.assign(family.values, told);
    for (const other of family.scenes) if (other !== scene) other.adopt(told);
  };
}
