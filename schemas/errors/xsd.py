"""Where a file departs from one of our XML Schemas (`schemas/xsd`): remarks, for the reader has the last word."""

from schemas.errors.remarks import SchemaRemark


class XsdRemark(SchemaRemark):
    """The file does not fit the schema that it was held against."""

    code = "schema.xsd"


class XsdElementUnexpected(XsdRemark):
    """An element stands where the schema has none, or none any more. Facts: name, expected."""

    code = "schema.xsd_element_unexpected"
    vi = "Theo lược đồ, phần tử {name} không đứng ở đây; ở đây cần: {expected}."
    en = "By the schema the element {name} has no place here; expected here: {expected}."
    fix_vi = "Xếp các phần tử đúng thứ tự của lược đồ, mỗi phần tử đủ số lần; bỏ phần tử thừa (vanthu schema strict)."
    fix_en = "Put the elements in the order of the schema, each as often as allowed, and drop others (vanthu schema strict)."


class XsdElementMissing(XsdRemark):
    """An element lacks a child that the schema requires; the XPath is that of the parent. Facts: name."""

    code = "schema.xsd_element_missing"
    vi = "Theo lược đồ, ở đây còn thiếu: {name}."
    en = "By the schema this is still missing here: {name}."
    fix_vi = "Bổ sung phần tử còn thiếu vào phần tử được nêu, đúng thứ tự của lược đồ (vanthu schema strict)."
    fix_en = "Add what is missing inside the element named by the path, in the order of the schema (vanthu schema strict)."


class XsdValue(XsdRemark):
    """A value does not have the form of its type. Facts: name, value, expected_vi, expected_en."""

    code = "schema.xsd_value"
    vi = "Theo lược đồ, giá trị “{value}” của {name} chưa đúng dạng, cần {expected_vi}."
    en = "By the schema the value “{value}” of {name} is not in its form: expected {expected_en}."
    fix_vi = "Ghi {name} đúng dạng: {expected_vi}; giá trị không bắt buộc mà trống thì bỏ phần tử."
    fix_en = "Write {name} in its form: {expected_en}; leave an optional element out rather than empty."


class XsdTooLong(XsdRemark):
    """A text is longer than the schema allows. Facts: name, length, longest."""

    code = "schema.xsd_too_long"
    vi = "Theo lược đồ, {name} dài {length} ký tự, quá {longest} ký tự."
    en = "By the schema {name} is too long: {length} characters where {longest} are allowed."
    fix_vi = "Rút gọn {name} còn tối đa {longest} ký tự."
    fix_en = "Shorten {name} to at most {longest} characters."


class XsdAttribute(XsdRemark):
    """An attribute is missing, wrong or unknown. Facts: name, attribute, about_vi, about_en."""

    code = "schema.xsd_attribute"
    vi = "Theo lược đồ, thuộc tính {attribute} của {name} {about_vi}."
    en = "By the schema the attribute {attribute} of {name} {about_en}."
    fix_vi = "Sửa hoặc bỏ thuộc tính {attribute}; trong edXML chỉ edXMLManifest có thuộc tính bắt buộc: version=“1.0”."
    fix_en = (
        "Correct or drop the attribute {attribute}; only edXMLManifest has a required one: version=“1.0”."
    )


class XsdReference(XsdRemark):
    """What has to be unique is there twice, or a reference leads nowhere. Facts: name, about_vi, about_en."""

    code = "schema.xsd_reference"
    vi = "Theo lược đồ, {name} {about_vi}."
    en = "By the schema {name} {about_en}."
    fix_vi = "Mỗi cơ quan nhận ghi một lần; mỗi tệp đính kèm có một ContentId riêng, giống nhau ở danh mục và ở tệp."
    fix_en = "Address each agency once; give each attachment one ContentId, the same in the manifest and at the file."
