export const context = () => ({}); export const next = (v) => v;
